import { badParam } from './failure.ts'
import { render } from './render.ts'
import type { World } from './world.ts'
import type { JsonObject, Stored } from './wire.ts'

interface Clause {
  readonly negated: boolean
  readonly fits: (object: JsonObject) => boolean
}
interface Given {
  readonly query: string
  readonly limit?: number
  readonly page?: string
}

const CLAUSE =
  /^\s*(-?)(?:metadata\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]|([a-z_]+))\s*(:|~|>=|<=|>|<)\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(null|-?\d+|true|false))/

/** Stripe's query language: clauses joined by AND or by OR. Unlike there, what was just written is found. */
export function search(
  call: { readonly world: World; readonly version: string },
  made: readonly Exclude<Stored, { object: 'event' }>[],
  { query, limit = 10, page = '0' }: Given,
  url: string,
): JsonObject {
  const { clauses, any } = parsed(query)
  const fits = (object: JsonObject): boolean => {
    const one = ({ negated, fits: matches }: Clause): boolean => matches(object) !== negated
    return any ? clauses.some(one) : clauses.every(one)
  }
  const all = made
    .toReversed()
    .map((object) => render(object, call.version, call.world.url()))
    .filter(fits)
  if (!/^\d{1,9}$/.test(page)) throw badParam('page', `Invalid page: ${page.slice(0, 50)}`)
  const start = Number(page)
  const more = start + limit < all.length
  const next = more ? String(start + limit) : null
  return { object: 'search_result', data: all.slice(start, start + limit), has_more: more, next_page: next, url }
}

function parsed(query: string): { clauses: Clause[]; any: boolean } {
  const clauses: Clause[] = []
  const joins = new Set<string>()
  let rest = query
  for (;;) {
    const match = CLAUSE.exec(rest)
    if (match === null) throw invalid(rest)
    clauses.push(clauseOf(match))
    rest = rest.slice(match[0].length)
    if (rest.trim() === '') break
    const join = /^\s+(AND|OR)\b/i.exec(rest)
    // Two clauses beside each other are joined by AND.
    joins.add(join?.[1]?.toUpperCase() ?? 'AND')
    rest = rest.slice(join?.[0].length ?? 0)
    if (clauses.length > 10) throw badParam('query', 'A search query has at most 10 clauses.')
  }
  if (joins.size > 1) throw badParam('query', 'You can not combine AND and OR in one search query.')
  return { clauses, any: joins.has('OR') }
}

function clauseOf([, minus, keyA, keyB, field, operator = ':', textA, textB, bare]: RegExpExecArray): Clause {
  const key = keyA ?? keyB
  const value = unescaped(textA ?? textB ?? bare ?? '')
  const read = (object: JsonObject): unknown => {
    if (key === undefined) return object[field ?? '']
    const all = object['metadata']
    return typeof all === 'object' && all !== null ? new Map(Object.entries(all)).get(unescaped(key)) : undefined
  }
  return {
    negated: minus === '-',
    fits: (object) => compare(read(object), operator, bare === 'null' ? null : value),
  }
}

function compare(found: unknown, operator: string, wanted: string | null): boolean {
  if (wanted === null) return found === null || found === undefined
  if (typeof found !== 'string' && typeof found !== 'number' && typeof found !== 'boolean') return false
  const actual = String(found)
  switch (operator) {
    case ':':
      return actual.toLowerCase() === wanted.toLowerCase()
    case '~':
      return actual.toLowerCase().includes(wanted.toLowerCase())
    case '>':
      return Number(actual) > Number(wanted)
    case '<':
      return Number(actual) < Number(wanted)
    case '>=':
      return Number(actual) >= Number(wanted)
    default:
      return Number(actual) <= Number(wanted)
  }
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/g, '$1')

const invalid = (rest: string) =>
  badParam(
    'query',
    `We were unable to parse your search query near "${rest.trim().slice(0, 60)}". A clause looks like metadata['key']:'value'.`,
  )
