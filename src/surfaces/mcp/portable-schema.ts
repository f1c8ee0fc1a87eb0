export type JsonSchema = { readonly [keyword: string]: unknown }

/** What is said of a schema rather than demanded by it. */
const SAID: ReadonlySet<string> = new Set(['title', 'description', 'default', 'examples', 'deprecated'])
/** Names of properties below these are no keywords. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs'])

/** How a text or number has to be made: of use to who writes one, not to who reads one. */
const MADE: ReadonlySet<string> = new Set(['pattern', 'minimum', 'maximum', 'minLength', 'maxLength'])
/** The codes of errors alone would be most of the list of tools. */
const MAX_ENUM = 40

export interface PortableOptions {
  /** Of an answer, whose reader needs to know its fields and types, and nothing of long lists of values. */
  readonly brief?: boolean
}

/**
 * The same schema in words that every host understands: some pass tool schemas on to models in a dialect where each
 * schema has one type, and where a schema that demands nothing is not known.
 */
export function portable(schema: JsonSchema, options: PortableOptions = {}): JsonSchema {
  const changed: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$schema' || keyword === 'propertyNames') continue
    if (keyword === 'additionalProperties' && isObject(value) && Object.keys(value).length === 0) continue
    if (options.brief === true && isDetail(keyword, value)) continue
    changed[keyword] = NAMED.has(keyword) && isObject(value) ? eachOf(value, options) : below(value, options)
  }
  return Array.isArray(changed['type']) ? split(changed, changed['type']) : changed
}

function isDetail(keyword: string, value: unknown): boolean {
  return MADE.has(keyword) || (keyword === 'enum' && Array.isArray(value) && value.length > MAX_ENUM)
}

function below(value: unknown, options: PortableOptions): unknown {
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? portable(item, options) : item))
  return isObject(value) ? portable(value, options) : value
}

function eachOf(schemas: JsonSchema, options: PortableOptions): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, below(schema, options)]))
}

/** Several types become several schemas, of which one has to fit. */
function split(schema: JsonSchema, types: readonly unknown[]): JsonSchema {
  const entries = Object.entries(schema)
  const demanded = entries.filter(([keyword]) => keyword !== 'type' && !SAID.has(keyword))
  return {
    ...Object.fromEntries(entries.filter(([keyword]) => SAID.has(keyword))),
    anyOf: types.map((type) => (type === 'null' ? { type } : { type, ...Object.fromEntries(demanded) })),
  }
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
