/**
 * The circles of a graph: its strongly connected components of two nodes or more, after Tarjan (1972), without recursion.
 * Each node of one is mapped to the first of its nodes in the order of their names.
 */
export function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  const found = new Map<string, string>()
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  for (const root of edges.keys()) {
    if (order.has(root)) continue
    const path: { node: string; next: number }[] = []
    const enter = (node: string): void => {
      order.set(node, order.size)
      low.set(node, order.size - 1)
      open.push(node)
      isOpen.add(node)
      path.push({ node, next: 0 })
    }
    enter(root)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = edges.get(top.node)?.[top.next++]
      if (to !== undefined) {
        if (!order.has(to)) enter(to)
        else if (isOpen.has(to)) lower(low, top.node, order.get(to) ?? 0)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) lower(low, parent.node, low.get(top.node) ?? 0)
      if (low.get(top.node) === order.get(top.node)) closeComponent(open, isOpen, top.node, found)
    }
  }
  return found
}

function lower(low: Map<string, number>, node: string, to: number): void {
  low.set(node, Math.min(low.get(node) ?? to, to))
}

function closeComponent(open: string[], isOpen: Set<string>, root: string, found: Map<string, string>): void {
  const members = open.splice(open.lastIndexOf(root))
  for (const member of members) isOpen.delete(member)
  if (members.length < 2) return
  const first = members.reduce((a, b) => (b < a ? b : a))
  for (const member of members) found.set(member, first)
}
