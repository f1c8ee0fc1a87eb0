import { Argument, InvalidArgumentError, Option, type Command } from 'commander'
import { z } from 'zod'
import { fieldsOf, PARTS, type CliSurface, type Operation } from '../../contract/operation.ts'

/** What the command line has to know of a field, read from its schema. */
interface FieldSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly default?: unknown
  readonly items?: FieldSchema
}

/** Fields that a global option stands for. */
const GLOBAL = new Set(['org'])

/** Arguments and options of a command, from the fields of its operation. */
export function addFields(command: Command, operation: Operation, { args = [] }: CliSurface): void {
  for (const name of args) {
    const schema = schemaOf(operation, name)
    const argument = new Argument(`<${kebab(name)}>`, schema.description ?? '')
    command.addArgument(schema.enum ? argument.choices(schema.enum.map(String)) : argument.argParser(parserOf(schema)))
  }
  for (const name of fieldsOf(operation).keys())
    if (!GLOBAL.has(name) && !args.includes(name)) command.addOption(optionOf(name, schemaOf(operation, name)))
}

/** The operation's input, from what commander parsed; fields that were not given are left out. */
export function inputFrom(
  operation: Operation,
  { args = [] }: CliSurface,
  given: { readonly args: readonly unknown[]; readonly options: Readonly<Record<string, unknown>> },
): Record<string, unknown> {
  const values = [...fieldsOf(operation).keys()]
    .filter((name) => !GLOBAL.has(name))
    .map((name) => [name, args.includes(name) ? given.args[args.indexOf(name)] : given.options[name]] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function optionOf(name: string, schema: FieldSchema): Option {
  const { type, items, description = '', default: preset } = schema
  const note = preset === undefined ? description : `${description} (default: ${String(preset)})`
  if (type === 'boolean') return new Option(`--${kebab(name)}`, note)
  const one = items ?? schema
  const option = new Option(`--${kebab(name)} <${one.type === 'integer' ? 'number' : 'value'}>`, note)
  const choices = one.enum?.map(String)
  if (choices && !items) return option.choices(choices)
  if (choices) option.description = `${note}; one of ${choices.join(', ')}`
  const parse = parserOf(one)
  if (!items) return option.argParser(parse)
  option.description += ' (repeatable)'
  return option.argParser((text, before: unknown) => [
    ...(Array.isArray(before) ? (before as unknown[]) : []),
    oneOf(choices, parse(text)),
  ])
}

function parserOf({ type }: FieldSchema): (text: string) => unknown {
  if (type !== 'integer' && type !== 'number') return (text) => text
  return (text) => {
    const number = Number(text)
    if (text.trim() === '' || !Number.isFinite(number) || (type === 'integer' && !Number.isSafeInteger(number)))
      throw new InvalidArgumentError(type === 'integer' ? 'It is not a whole number.' : 'It is not a number.')
    return number
  }
}

function oneOf(choices: readonly string[] | undefined, value: unknown): unknown {
  if (choices && !choices.includes(String(value))) throw new InvalidArgumentError(`Allowed are ${choices.join(', ')}.`)
  return value
}

function schemaOf(operation: Operation, name: string): FieldSchema {
  const part = PARTS.find((candidate) => name in operation[candidate].shape)
  const field = part === undefined ? undefined : operation[part].shape[name]
  if (field === undefined) throw new Error(`${operation.name} has no field ${name}`)
  return z.toJSONSchema(field as z.ZodType, { io: 'input', unrepresentable: 'any' }) as FieldSchema
}
