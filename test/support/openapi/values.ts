import fc from 'fast-check'
import type { Json, OpenApiDocument, Schema } from './document.ts'
import type { Random } from './random.ts'

/** What was broken, and the text that shows it. */
export type Broken = readonly [what: string, text: string]

export const words = (text: string): string[] => text.split(' ')
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')
export const CHARACTERS = [...LETTERS, ...Array.from('0123456789-_.,:;!? äßéñΩжあ漢字٣😀𝕏')]
const PROPERTIES = words('__proto__ constructor prototype toString hasOwnProperty then toJSON length 0 [object Object]')
/** What careless code trips over. */
export const ODD_TEXTS = [
  ...words('\0 a\0b \ud800 x\udfff \udc00\ud800 \ufeff \uffff \u2028 \u202eabc \u200b \x7f \x1b[31m 👩‍👩‍👧‍👦 İ ß 𝕏 ﷺﷺﷺ'),
  ...words("null undefined NaN -1 {} %00 $1 %s%n ${7*7} <script> .. ../.. . / \\ * - --all ' '--  \t ,"),
  ...PROPERTIES,
  'a\r\nb',
  ' a ',
  'e\u0301'.repeat(30),
  "' or 1=1 --",
]
export const ODD_NUMBERS = [
  ...words('NaN Infinity -Infinity 1e3 1e400 0x10 -1 -0 1.5 +1 01  １ ٣ 1_000 1,5 1n true 2147483648'),
  ...words('9007199254740993 99999999999999999999 -99999999999999999999 0.0000000000000001'),
  ' 1',
  '1 ',
  '9'.repeat(400),
]
const JSON_TEXTS: Readonly<Record<string, readonly string[]>> = {
  null: ['null'],
  boolean: ['true', 'false'],
  number: [...words('0 -1 1.5 1e400 -1e400 1e-400 9007199254740993 -0 1e21'), '9'.repeat(400)],
  string: words('"" "1" "NaN" "true" "a"'),
  array: words('[] [null] [[]] ["a"] [{}]'),
  object: words('{} {"a":1} {"length":1} {"__proto__":{"admin":true}} {"toString":"a"} {"then":1}'),
}
export const ANY_JSON_TEXT = Object.values(JSON_TEXTS).flat()
export const ODD_KEYS = [
  ...PROPERTIES,
  ...words(' orgId org_id id extra a\0b \ud800 ключ 😀 $ref'),
  ' ',
  'k'.repeat(5000),
]

export interface SchemaReader {
  /** Values that fit a schema. */
  arbitrary(schema: Schema): fc.Arbitrary<Json>
  /** A JSON text that breaks one constraint of a schema. */
  wrong(schema: Schema): Broken
}

export function schemaReader(document: OpenApiDocument, random: Random): SchemaReader {
  const plain = ({ $ref, allOf = [], ...own }: Schema): Schema => {
    const named = $ref === undefined ? undefined : document.components.schemas[$ref.split('/').at(-1) ?? '']
    return [...(named ? [named] : []), ...allOf].map(plain).reduce((all, part) => ({ ...all, ...part }), own)
  }
  const arbitrary = (given: Schema): fc.Arbitrary<Json> => {
    const schema = plain(given)
    const { enum: some, minimum: min = -1000, maximum: max = min + 2000, properties = {}, required } = schema
    const variants = schema.anyOf ?? schema.oneOf
    if (variants) return fc.oneof(...variants.map(arbitrary))
    if (schema.const !== undefined) return fc.constant(schema.const)
    if (some) return fc.constantFrom(...some)
    const type = typeOf(schema)
    if (type === 'string') return texts(schema)
    if (type === 'boolean') return fc.boolean()
    if (type === 'integer') return fc.integer({ min, max })
    if (type === 'number') return fc.double({ min, max, noNaN: true })
    if (type === 'null') return fc.constant(null)
    if (type === 'array') {
      const { items = {}, minItems: minLength = 0, maxItems: maxLength = minLength + 5 } = schema
      return fc.uniqueArray(arbitrary(items), { minLength, maxLength })
    }
    const members = Object.entries(properties).map(([name, member]) => [name, arbitrary(member)] as const)
    return fc.record(Object.fromEntries(members), { requiredKeys: [...(required ?? [])] })
  }
  const wrong = (given: Schema): Broken => {
    const schema = plain(given)
    const variants = schema.anyOf ?? schema.oneOf
    if (variants) return wrong(random.pick(variants))
    const type = typeOf(schema)
    if (random.chance(0.3)) {
      const others = Object.keys(JSON_TEXTS).filter((other) => other !== type)
      return ['wrong type', random.pick(JSON_TEXTS[random.pick(others)] ?? [])]
    }
    if (random.chance(0.1)) return ['deep nesting', deep(random)]
    if (type === 'integer' || type === 'number') return ['out of range', outOfRange(schema, random)]
    if (type === 'array' && random.chance(0.5)) return ['item', `[${wrong(schema.items ?? {})[1]}]`]
    if (type === 'array')
      return ['items', JSON.stringify(Array(random.below(2) * (schema.maxItems ?? 99) * 2).fill('a'))]
    return ['text', JSON.stringify(random.chance(0.5) ? random.pick(ODD_TEXTS) : wrongLength(schema, random))]
  }
  return { arbitrary, wrong }
}

function typeOf({ type, properties, items }: Schema): string {
  const name = typeof type === 'string' ? type : type?.find((each) => each !== 'null')
  return name ?? (properties ? 'object' : items ? 'array' : 'string')
}

function texts({ pattern, format, minLength = 0, maxLength = 10_000 }: Schema): fc.Arbitrary<string> {
  // Spaces at the ends are cut off, and line breaks are not for everything.
  const fits = (text: string): boolean =>
    text.length >= minLength && text.length <= maxLength && text === text.trim() && !/[\0\r\n]/.test(text)
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  if (format === 'email') return fc.emailAddress()
  if (format === 'uuid') return fc.uuid()
  if (format === 'uri') return fc.constantFrom('https://127.0.0.1/x', 'https://127.0.0.1:1/x?y=z#w')
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u')).filter(fits)
  return fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: 'grapheme', minLength, maxLength }).filter(fits) },
    fc.constant('x'.repeat(maxLength)),
    fc.constant('x'.repeat(minLength)),
  )
}

function deep(random: Random): string {
  const depth = random.chance(0.05) ? 20_000 : 1 + random.below(300)
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
  return `${open.repeat(depth)}1${close.repeat(depth)}`
}

function outOfRange({ minimum = -1000, maximum = 1000 }: Schema, random: Random): string {
  return random.pick([...[minimum - 1, maximum + 1, minimum + 0.5, -(2 ** 53), 2 ** 31, 1e21].map(String), '1e400'])
}

function wrongLength({ minLength = 0, maxLength = 10_000 }: Schema, random: Random): string {
  if (random.chance(0.3)) return random.pick(LETTERS).repeat(Math.max(0, minLength - 1))
  return random.pick(['a', '😀', 'ä', ' ']).repeat(random.chance(0.02) ? 100_000 : maxLength + 1)
}

/** Lone surrogates, which `encodeURIComponent` refuses, become the bytes that a careless encoder makes of them. */
export function percent(text: string): string {
  if (text.isWellFormed()) return encodeURIComponent(text)
  const hex = (byte: number): string => `%${byte.toString(16).toUpperCase()}`
  return Array.from(text, (character) => {
    if (character.isWellFormed()) return encodeURIComponent(character)
    const unit = character.charCodeAt(0)
    return hex(0xe0 | (unit >> 12)) + hex(0x80 | ((unit >> 6) & 0x3f)) + hex(0x80 | (unit & 0x3f))
  }).join('')
}
