import { PARTS, partOf, type Part } from './parts.ts'

/** What `node --cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** `native` is work outside JavaScript, such as reading from sockets; `gc` is the collector on the main thread. */
export type Share = Part | 'native' | 'gc'
export const SHARES: readonly Share[] = [...PARTS, 'native', 'gc']

export interface Attribution {
  /** Of the time in which the thread was not idle: they add up to 1. */
  readonly shares: Readonly<Record<Share, number>>
  /** By time in the function itself, most first. */
  readonly functions: readonly { readonly name: string; readonly share: Share; readonly fraction: number }[]
}

/** Where the time of a window went, which is given in microseconds of the system's monotonic clock. */
export function attribute(profile: CpuProfile, window: { readonly from: number; readonly to: number }): Attribution {
  const described = describeNodes(profile.nodes)
  const shares = Object.fromEntries(SHARES.map((share) => [share, 0])) as Record<Share, number>
  const functions = new Map<string, { name: string; share: Share; fraction: number }>()
  let total = 0
  let at = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    at += profile.timeDeltas[i] ?? 0
    const node = described.get(id)
    const lasted = profile.timeDeltas[i + 1] ?? 0
    if (node === undefined || node.share === null || at < window.from || at > window.to || lasted < 0) continue
    const { name, share } = node
    total += lasted
    shares[share] += lasted
    const entry = functions.get(`${share} ${name}`) ?? { name, share, fraction: 0 }
    entry.fraction += lasted
    functions.set(`${share} ${name}`, entry)
  }
  if (total === 0) throw new Error('the profile has no sample in its window')
  for (const share of SHARES) shares[share] /= total
  const sorted = [...functions.values()].toSorted((a, b) => b.fraction - a.fraction)
  return { shares, functions: sorted.map((entry) => ({ ...entry, fraction: entry.fraction / total })) }
}

interface Described {
  readonly name: string
  /** null when the thread was idle. */
  readonly share: Share | null
}

function describeNodes(nodes: readonly ProfileNode[]): Map<number, Described> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)))
  return new Map(
    nodes.map((node) => {
      const stack: ProfileNode[] = []
      for (let one: ProfileNode | undefined = node; one; one = parents.get(one.id)) stack.push(one)
      return [node.id, { name: nameOf(stack), share: shareOf(stack) }]
    }),
  )
}

function shareOf(stack: readonly ProfileNode[]): Share | null {
  const name = stack[0]?.callFrame.functionName
  if (name === '(idle)') return null
  if (name === '(garbage collector)') return 'gc'
  if (name === '(program)') return 'native'
  return partOf(stack.map(({ callFrame }) => callFrame.url))
}

/** A built-in function has no place of its own: that of its caller tells more. */
function nameOf(stack: readonly ProfileNode[]): string {
  const [own] = stack
  const placed = stack.find(({ callFrame }) => callFrame.url !== '')
  const name = own?.callFrame.functionName || '(anonymous)'
  if (placed === undefined) return name
  const { functionName, url, lineNumber } = placed.callFrame
  const place = `${url.replace(/^.*\/(?=(?:node_modules|src)\/)/, '')}:${lineNumber + 1}`
  return placed === own ? `${name} ${place}` : `${name} [native] in ${functionName || '(anonymous)'} ${place}`
}
