/** How the type of a field reads in a table. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
}

export interface Field {
  readonly name: string
  readonly type: string
  readonly required: boolean
  /** As JSON; nothing where there is none. */
  readonly byDefault: string
  readonly description: string
}

/** Of an object's JSON schema. */
export function fieldsOfSchema(schema: unknown): Field[] {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: Readonly<Record<string, Schema>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: typeOf(field),
    required: required.includes(name),
    byDefault: field.default === undefined ? '' : JSON.stringify(field.default),
    description: field.description ?? '',
  }))
}

/** More choices than these are told apart better by their schema than by a line of text. */
const MOST_CHOICES = 8

function typeOf(schema: Schema): string {
  const { const: only, enum: choices, items } = schema
  const variants = schema.anyOf ?? schema.oneOf
  if (only !== undefined) return JSON.stringify(only)
  if (choices !== undefined) return choiceOf(choices)
  if (variants !== undefined) return [...new Set(variants.map(typeOf))].join(' or ')
  const types = [schema.type ?? 'any'].flat()
  return types
    .map((type) => (type === 'array' ? `list of ${typeOf(items ?? {})}` : withRange(type, schema)))
    .join(' or ')
}

function choiceOf(choices: readonly unknown[]): string {
  const shown = choices.slice(0, MOST_CHOICES).map((choice) => `\`${String(choice)}\``)
  return choices.length > MOST_CHOICES ? `${shown.join(', ')}, … (${choices.length})` : shown.join(', ')
}

function withRange(type: string, { minimum, maximum }: Schema): string {
  if (type !== 'integer' && type !== 'number') return type
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? null : minimum
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : maximum
  if (low !== null && high !== null) return `${type}, ${low} to ${high}`
  if (low !== null) return `${type}, at least ${low}`
  return high === null ? type : `${type}, at most ${high}`
}

/** What stands in `data` of an answer, by the JSON schema of it. */
export function answerOf(schema: unknown): string {
  const data = (schema ?? {}) as Schema
  const isList = data.type === 'array'
  const shape = isList ? data.items : data
  const names = Object.keys(shape?.properties ?? {}).map((name) => `\`${name}\``)
  if (names.length === 0) return 'see the schema'
  return `${isList ? 'a list, each entry with' : 'an object with'} ${names.join(', ')}`
}
