import { badParam } from './failure.ts'
import type { Raw, RawMap } from './form.ts'

/** Reads one value, or throws what Stripe answers to a wrong one. */
export type Field<T> = (raw: Raw, name: string) => T
type Fields = Readonly<Record<string, Field<unknown>>>
export type Params<F extends Fields, R extends keyof F = never> = {
  readonly [K in keyof F as K extends R ? K : never]: F[K] extends Field<infer T> ? T : never
} & { readonly [K in keyof F as K extends R ? never : K]?: F[K] extends Field<infer T> ? T : never }

const LONGEST_TEXT = 5_000
export const LARGEST_AMOUNT = 99_999_999

/** What is not named is refused, as by Stripe: a parameter is never ignored. */
export function shape<F extends Fields, R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): (raw: RawMap, name?: string) => Params<F, R> {
  return (raw, name = '') => {
    const at = (key: string): string => (name === '' ? key : `${name}[${key}]`)
    const read: [string, unknown][] = []
    for (const [key, value] of raw) {
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (field === undefined) throw badParam(at(key), `Received unknown parameter: ${at(key)}`, 'parameter_unknown')
      read.push([key, field(value, at(key))])
    }
    for (const key of required) {
      if (!raw.has(key)) throw badParam(at(key), `Missing required param: ${at(key)}.`, 'parameter_missing')
    }
    // Each key was read by its own field, and the required ones are there.
    return Object.fromEntries(read) as Params<F, R>
  }
}

export function nested<F extends Fields, R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): Field<Params<F, R>> {
  const read = shape(fields, required)
  return (raw, name) => {
    if (typeof raw === 'string') throw badParam(name, 'Invalid object')
    return read(raw, name)
  }
}

export function text(longest = LONGEST_TEXT): Field<string> {
  return (raw, name) => {
    if (typeof raw !== 'string') throw badParam(name, `Invalid string: ${name}`)
    if (raw === '') {
      const message = `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`
      throw badParam(name, message, 'parameter_invalid_empty')
    }
    if (raw.length > longest) throw badParam(name, `Invalid string: it must be at most ${longest} characters`)
    return raw
  }
}

export function emptyable<T>(field: Field<T>): Field<T | null> {
  return (raw, name) => (raw === '' ? null : field(raw, name))
}

export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}): Field<number> {
  return (raw, name) => {
    if (typeof raw !== 'string' || !/^-?\d{1,16}$/.test(raw)) {
      throw badParam(
        name,
        `Invalid integer: ${typeof raw === 'string' ? raw.slice(0, 50) : '{}'}`,
        'parameter_invalid_integer',
      )
    }
    const value = Number(raw)
    if (value < min) {
      throw badParam(name, `This value must be greater than or equal to ${min}.`, 'parameter_invalid_integer')
    }
    if (value > max)
      throw badParam(name, `This value must be less than or equal to ${max}.`, 'parameter_invalid_integer')
    return value
  }
}

/** In the smallest unit of the currency. */
export const amount = (min = 0): Field<number> => integer({ min, max: LARGEST_AMOUNT })

export const timestamp: Field<number> = integer({ min: 0, max: 99_999_999_999 })

export const boolean: Field<boolean> = (raw, name) => {
  if (raw === 'true' || raw === 'false') return raw === 'true'
  throw badParam(name, `Invalid boolean: ${typeof raw === 'string' ? raw.slice(0, 50) : '{}'}`)
}

export function oneOf<const T extends string>(...values: readonly T[]): Field<T> {
  return (raw, name) => {
    const found = values.find((value) => value === raw)
    if (found === undefined) throw badParam(name, `Invalid ${name}: must be one of ${values.join(', ')}`)
    return found
  }
}

export function list<T>(field: Field<T>, { max = 100 } = {}): Field<T[]> {
  return (raw, name) => {
    if (typeof raw === 'string' || [...raw.keys()].some((key) => !/^\d{1,4}$/.test(key))) {
      throw badParam(name, 'Invalid array')
    }
    if (raw.size > max) throw badParam(name, `Array ${name} exceeded maximum ${max} allowed elements.`)
    return [...raw].toSorted(([a], [b]) => Number(a) - Number(b)).map(([key, value]) => field(value, `${name}[${key}]`))
  }
}

export const email: Field<string> = (raw, name) => {
  const value = text(512)(raw, name)
  if (!/^[^\s@]+@[^\s@]+$/.test(value)) throw badParam(name, `Invalid email address: ${value}`, 'email_invalid')
  return value
}

export const url: Field<string> = (raw, name) => {
  const value = text()(raw, name)
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw badParam(name, 'Not a valid URL', 'url_invalid')
  return value
}

export const currency: Field<string> = (raw, name) => {
  const value = text()(raw, name).toLowerCase()
  if (!/^[a-z]{3}$/.test(value)) throw badParam(name, `Invalid currency: ${value.slice(0, 50)}.`)
  return value
}

/** Null unsets all of it, an empty text one key. */
export type MetadataChange = Readonly<Record<string, string>> | null

export const metadata: Field<MetadataChange> = (raw, name) => {
  if (raw === '') return null
  if (typeof raw === 'string') throw badParam(name, 'Invalid metadata: metadata must be a set of key-value pairs')
  if (raw.size > 50) throw badParam(name, 'Metadata can have up to 50 keys.')
  for (const [key, value] of raw) {
    if (typeof value !== 'string') throw badParam(`${name}[${key}]`, 'Metadata values must be strings.')
    if (key.length > 40) throw badParam(name, `Metadata keys must be at most 40 characters: ${key.slice(0, 60)}`)
    if (value.length > 500) throw badParam(`${name}[${key}]`, 'Metadata values must be at most 500 characters.')
  }
  return Object.fromEntries([...raw].map(([key, value]) => [key, textOf(value)]))
}

export function changedMetadata(
  before: Readonly<Record<string, string>>,
  change: MetadataChange | undefined,
): Record<string, string> {
  if (change === undefined) return { ...before }
  if (change === null) return {}
  const after = new Map(Object.entries(before))
  for (const [key, value] of Object.entries(change)) {
    if (value === '') after.delete(key)
    else after.set(key, value)
  }
  if (after.size > 50) throw badParam('metadata', 'Metadata can have up to 50 keys.')
  return Object.fromEntries(after)
}

/** Of every request. */
export const expand = { expand: list(text(), { max: 20 }) }

export type Range = { readonly gt?: number; readonly gte?: number; readonly lt?: number; readonly lte?: number }

export const range: Field<Range> = (raw, name) => {
  if (typeof raw !== 'string')
    return nested({ gt: timestamp, gte: timestamp, lt: timestamp, lte: timestamp })(raw, name)
  const at = timestamp(raw, name)
  return { gte: at, lte: at }
}

export function within(value: number, { gt, gte, lt, lte }: Range = {}): boolean {
  return (
    (gt === undefined || value > gt) &&
    (gte === undefined || value >= gte) &&
    (lt === undefined || value < lt) &&
    (lte === undefined || value <= lte)
  )
}

/** What is read here was seen to be text. */
function textOf(raw: Raw): string {
  return typeof raw === 'string' ? raw : ''
}
