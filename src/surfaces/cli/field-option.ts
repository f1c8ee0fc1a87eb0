import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { envelopeFieldsOf, IDEMPOTENCY_KEY, type Operation } from '../../contract/operation.ts'

interface FieldSchema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly items?: { readonly enum?: readonly string[] }
  readonly default?: unknown
}
interface InputSchema {
  readonly properties: Readonly<Record<string, FieldSchema>>
  readonly required: readonly string[]
}

/** All fields of an operation's input as JSON Schema, which says what a command has to ask for. */
export function inputSchemaOf(operation: Operation): InputSchema {
  const { properties = {}, required = [] } = z.toJSONSchema(envelopeFieldsOf(operation), {
    io: 'input',
    unrepresentable: 'any',
  }) as Partial<InputSchema>
  return { properties, required }
}

/** What stands in the help for the value of an option. */
const VALUES: Readonly<Record<string, string>> = { integer: 'number', boolean: 'boolean', object: 'json' }

export function optionOf(name: string, schema: FieldSchema, required: boolean): Option {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const option = new Option(`${flag} <${VALUES[schema.type ?? ''] ?? 'value'}>`, schema.description)
  if (schema.enum) option.choices([...schema.enum])
  if (schema.type === 'boolean') option.choices(['true', 'false']).argParser(booleanOf)
  if (schema.type === 'object') option.argParser(objectOf)
  if (schema.type === 'integer') option.argParser((text) => (/^-?\d+$/.test(text) ? Number(text) : text))
  if (schema.type === 'array')
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  if (schema.default !== undefined)
    option.helpGroup('Options:').description += ` (default: ${JSON.stringify(schema.default)})`
  return option.makeOptionMandatory(required)
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
