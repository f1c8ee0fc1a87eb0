import { InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { IDEMPOTENCY_KEY, PARTS, type Operation } from '../../contract/operation.ts'

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
  const fields = z.strictObject(Object.assign({}, ...PARTS.map((part) => operation[part].shape)))
  const { properties = {}, required = [] } = z.toJSONSchema(fields, {
    io: 'input',
    unrepresentable: 'any',
  }) as Partial<InputSchema>
  return { properties, required }
}

export function optionOf(name: string, schema: FieldSchema, required: boolean): Option {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const option = new Option(
    schema.type === 'boolean' ? flag : `${flag} <${schema.type === 'integer' ? 'number' : 'value'}>`,
    schema.description,
  )
  if (schema.enum) option.choices([...schema.enum])
  if (schema.type === 'integer') option.argParser((text) => (/^-?\d+$/.test(text) ? Number(text) : text))
  if (schema.type === 'array')
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  if (schema.default !== undefined)
    option.helpGroup('Options:').description += ` (default: ${JSON.stringify(schema.default)})`
  return option.makeOptionMandatory(required)
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
