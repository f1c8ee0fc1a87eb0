import { badParam, refused } from './failure.ts'

/** A value as it came: text, or a map of such by their keys, in their order. */
export type Raw = string | RawMap
export type RawMap = Map<string, Raw>

const MOST_PAIRS = 2_000
const DEEPEST = 8

/** Decodes `a[b][0]=c` as Stripe does. `a[]` counts by itself; the last of several values wins. */
export function decodeForm(...texts: readonly string[]): RawMap {
  const root: RawMap = new Map()
  let pairs = 0
  for (const text of texts) {
    for (const [name, value] of new URLSearchParams(text)) {
      if ((pairs += 1) > MOST_PAIRS) throw refused(`Invalid request: more than ${MOST_PAIRS} parameters`)
      put(root, segmentsOf(name), value, name)
    }
  }
  return root
}

function segmentsOf(name: string): string[] {
  const open = name.indexOf('[')
  if (open === -1) return [name]
  const rest = name.slice(open)
  if (open === 0 || !/^(?:\[[^[\]]*\])+$/.test(rest)) throw badParam(name, `Invalid parameter name: ${name}`)
  return [name.slice(0, open), ...rest.slice(1, -1).split('][')]
}

function put(root: RawMap, segments: readonly string[], value: string, name: string): void {
  if (segments.length > DEEPEST) throw badParam(name.slice(0, 100), 'Invalid parameter: nested too deeply')
  let map = root
  for (const [i, segment] of segments.entries()) {
    const key = segment === '' ? nextIndex(map, segments[i + 1]) : segment
    if (i === segments.length - 1) {
      map.set(key, value)
      return
    }
    const inner = map.get(key)
    if (inner instanceof Map) map = inner
    else {
      const made: RawMap = new Map()
      map.set(key, made)
      map = made
    }
  }
}

/** `items[][price]=a&items[][quantity]=1&items[][price]=b` are two items: one that has the next key is complete. */
function nextIndex(map: RawMap, following: string | undefined): string {
  const last = map.get(String(map.size - 1))
  const fits = following !== undefined && last instanceof Map && !last.has(following)
  return String(fits ? map.size - 1 : map.size)
}
