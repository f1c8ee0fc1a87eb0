import fc from 'fast-check'
import { describedOperations, type Json, type OpenApiDocument } from './document.ts'
import { randomFrom, type Random } from './random.ts'
import { percent, schemaReader, type Broken } from './values.ts'

export type Header = readonly [name: string, value: string]

/** What the document can not say: who calls, and which values lead somewhere. */
export interface Known {
  /** Credentials of which one is taken, for an operation and one of its security schemes. */
  credentials(operation: string, scheme: string): readonly string[]
  /** Values that lead somewhere, such as ids, names and cursors: used most of the time, where there are any. */
  values(operation: string, field: string): readonly Json[]
  /** How often an operation is called, compared with the others: a whole number. */
  weight(operation: string): number
}

export interface Field {
  readonly name: string
  readonly required: boolean
  readonly known: readonly Json[]
  readonly fitting: readonly Json[]
  wrong(): Broken
}
export type Operation = ReturnType<typeof readOperations>[number]

/** Values of each field that are made once and used again and again: making them takes most of the time. */
const POOL = 300

export function readOperations(document: OpenApiDocument, known: Known, seed: number) {
  const { arbitrary, wrong } = schemaReader(document, randomFrom(seed + 1))
  return describedOperations(document).map((described, index) => {
    const { operationId: id, method, path, parameters = [], requestBody, security = [] } = described
    const field = (name: string, required: boolean, schema: Parameters<typeof wrong>[0]): Field => ({
      name,
      required,
      known: known.values(id, name),
      fitting: fc.sample(arbitrary(schema), { seed: seed + index, numRuns: POOL }),
      wrong: () => wrong(schema),
    })
    const fields = (place: string): Field[] =>
      parameters.flatMap((p) => (p.in === place ? field(p.name, p.required === true, p.schema) : []))
    const { properties = {}, required = [] } = requestBody?.content['application/json']?.schema ?? {}
    const body = Object.entries(properties).map(([name, schema]) => field(name, required.includes(name), schema))
    // One for each way in which it can be called.
    const authorizations = security.flatMap((schemes) =>
      Object.keys(schemes).map((name) => {
        const { type, name: header = '' } = document.components.securitySchemes[name] ?? { type: '' }
        return known
          .credentials(id, name)
          .map((text): Header => (type === 'http' ? ['Authorization', `Bearer ${text}`] : [header, text]))
      }),
    )
    const [params, query, headers] = [fields('path'), fields('query'), fields('header')]
    return { id, method, path, params, query, headers, body, authorizations }
  })
}

/** A request while it is put together: path and query percent-encoded, members of the body as JSON texts. */
export type Draft = ReturnType<typeof validDraft>
/** Breaks something; tells what. */
export type Spoil = (draft: Draft, random: Random, operation: Operation) => string

const JSON_TYPES = ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']

export function validDraft({ method, path, params, query, headers, body, authorizations }: Operation, random: Random) {
  const taken = (fields: readonly Field[], share: number): Field[] =>
    fields.filter((f) => f.required || random.chance(share))
  const own: Header[] = authorizations.length > 0 ? [random.pick(random.pick(authorizations))] : []
  if (random.chance(0.3)) own.push(['X-Request-ID', `fuzz.${random.below(1e9)}_id`])
  return {
    method,
    path: params.reduce((all, field) => all.replace(`{${field.name}}`, () => percent(textOf(field, random))), path),
    query: taken(query, 0.4).flatMap((field) => pairsOf(field, random)),
    headers: [...own, ...taken(headers, 0.1).map((field): Header => [field.name, textOf(field, random)])],
    type: body.length > 0 ? random.pick<string | null>(JSON_TYPES) : null,
    members: taken(body, 0.4).map((field): Broken => [field.name, JSON.stringify(valueOf(field, random))]),
    /** In place of the members. */
    body: null as Buffer | null,
    routed: true,
    wire: null as Wire | null,
  }
}

/** What happens to the bytes of a request on their way. */
export interface Wire {
  bytes(head: string, body: Buffer): Buffer
  /** When the client closes its side: after the answer, or after the request, without or with waiting for an answer. */
  readonly hangsUp: 'never' | 'at once' | 'half'
}

const valueOf = ({ known, fitting }: Field, random: Random): Json =>
  random.pick(known.length > 0 && random.chance(0.9) ? known : fitting)
const plainText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))
export const textOf = (field: Field, random: Random): string => plainText(valueOf(field, random))
export const pairsOf = (field: Field, random: Random): string[] =>
  [valueOf(field, random)].flat().map((value: Json) => `${field.name}=${percent(plainText(value))}`)
export const bodyText = ({ members }: Pick<Draft, 'members'>): string =>
  `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
