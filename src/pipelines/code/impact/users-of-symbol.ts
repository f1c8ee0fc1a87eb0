import { fileKey, type FileKey, type UseEdge } from '../graph/reach/use-edge.ts'

/**
 * Paths of the files that import a symbol by name, also through files that pass it on, or that take all of a module that
 * has it; given all imports of the files that it can come through.
 */
export function usersOfSymbols(edges: readonly UseEdge[]): (file: FileKey, name: string) => readonly string[] {
  const into = Map.groupBy(edges, ({ dstRepository, dst }) => fileKey({ repository: dstRepository, path: dst }))
  return (file, name) => {
    const users = new Set<string>()
    const seen = new Set<string>()
    const open: { readonly file: FileKey; readonly name: string }[] = [{ file, name }]
    // What is added while it is gone through is gone through too.
    for (const at of open) {
      const key = fileKey(at.file)
      if (seen.has(`${key}\0${at.name}`)) continue
      seen.add(`${key}\0${at.name}`)
      for (const edge of into.get(key) ?? []) {
        const passed = passedOn(edge, at.name)
        for (const other of passed) open.push({ file: { repository: edge.repository, path: edge.src }, name: other })
        const isNamed = Object.hasOwn(edge.uses, at.name)
        // A barrel that passes everything on uses nothing of it.
        if (isNamed || (Object.hasOwn(edge.uses, '*') && passed.length === 0)) users.add(edge.src)
      }
    }
    return [...users].toSorted()
  }
}

/** Names under which the importing file exports it again. */
function passedOn({ kind, uses }: UseEdge, name: string): readonly string[] {
  if (kind !== 're-export') return []
  const named = Object.hasOwn(uses, name) ? (uses[name] ?? []) : []
  // `export *` leaves the default export out.
  const isThrough = Object.hasOwn(uses, '*') && uses['*']?.includes('*') === true && name !== 'default'
  return isThrough ? [name, ...named] : named
}
