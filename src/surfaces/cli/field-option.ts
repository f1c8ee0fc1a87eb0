import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { envelopeFieldsOf, IDEMPOTENCY_KEY, type Operation } from '../../contract/operation.ts'
import { markRepeated } from './command-model.ts'

interface FieldSchema {
  readonly type?: string
  readonly format?: string
  /** Of a field that may be null, the one that a command line can write. */
  readonly anyOf?: readonly FieldSchema[]
  readonly description?: string
  readonly enum?: readonly string[]
  readonly items?: { readonly enum?: readonly string[] }
  readonly default?: unknown
}
interface InputSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>
  readonly required: readonly string[]
}

const schemas = new WeakMap<Operation, InputSchema>()

/** All fields of an operation's input as JSON Schema, which says what a command has to ask for. */
export function inputSchemaOf(operation: Operation): InputSchema {
  const schema = schemas.get(operation) ?? makeInputSchema(operation)
  schemas.set(operation, schema)
  return schema
}

function makeInputSchema(operation: Operation): InputSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(envelopeFieldsOf(operation), {
    io: 'input',
    unrepresentable: 'any',
  }) as Partial<InputSchema>
  return { properties, required }
}

/** What stands in the help for a value of this type. */
const VALUES: Readonly<Record<string, string>> = { integer: 'number', boolean: 'true|false', object: 'json' }

export function optionOf(name: string, { anyOf, ...own }: FieldSchema, required: boolean): Option {
  const schema = { ...anyOf?.find(({ type }) => type !== 'null'), ...own }
  const description = (schema.description ?? '').replace('`null`', `\`--no-${kebab(name)}\``)
  // What is off unless it is asked for needs no value.
  if (schema.type === 'boolean' && schema.default === false) return new Option(`--${kebab(name)}`, description)
  const option = new Option(`--${kebab(name)} <${valueOf(name, schema)}>`, description)
  if (schema.enum) option.choices([...schema.enum])
  if (schema.type === 'boolean') option.choices(['true', 'false']).argParser(booleanOf)
  if (schema.type === 'object') option.argParser(objectOf)
  if (schema.type === 'integer') option.argParser((text) => (/^-?\d+$/.test(text) ? Number(text) : text))
  if (schema.type === 'array') markRepeated(choosing(option, schema.items?.enum))
  // Shown, and left to the server, which may have another one.
  if (schema.default !== undefined) option.defaultValueDescription = textOf(schema.default)
  return option.makeOptionMandatory(required)
}

/** Gives null, which no value on a command line can: the word may be a value. Null for a field that has to be something. */
export function nullOptionOf(name: string, { anyOf }: FieldSchema): Option | null {
  if (anyOf?.some(({ type }) => type === 'null') !== true) return null
  return new Option(`--no-${kebab(name)}`, `take away what \`--${kebab(name)}\` has set before`)
}

/** Names of fields in a text as a command line has them; those that are arguments stay. */
export function withOptionNames(text: string, names: readonly string[]): string {
  return text.replaceAll(/`(\w+)`/g, (code, name: string) => (names.includes(name) ? `\`--${kebab(name)}\`` : code))
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function valueOf(name: string, { type = '', format }: FieldSchema): string {
  if (format === 'date-time') return 'time'
  const word = (name.split(/(?=[A-Z])/).at(-1) ?? name).toLowerCase()
  return VALUES[type] ?? (type === 'array' ? word.replace(/s$/, '') : word)
}

/** Each value is one more of a list. */
function choosing(option: Option, choices: readonly string[] | undefined): Option {
  if (choices !== undefined) option.choices([...choices])
  return option.argParser((text: string, before: string[] | undefined) => {
    if (choices !== undefined && !choices.includes(text))
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`)
    return [...(before ?? []), text]
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What is on can be turned off, so that the option alone would not say enough. */
function booleanOf(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('Allowed choices are true, false.')
  return text === 'true'
}

function objectOf(text: string): object {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('A JSON object is needed, in quotes: \'{"name": "value"}\'')
  return value
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // As it says above: no JSON, no value.
    return undefined
  }
}

/** Checked here: a header can not hold every text, and the failure would look like that of the network. */
export function idempotencyKeyOption(): Option {
  return new Option(
    '--idempotency-key <key>',
    'a repeat with the same key has one effect and gives the same answer',
  ).argParser((text) => {
    if (!IDEMPOTENCY_KEY.test(text)) throw new InvalidArgumentError('1 to 255 visible ASCII characters.')
    return text
  })
}
