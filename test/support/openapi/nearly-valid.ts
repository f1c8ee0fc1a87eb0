import type { Json } from './document.ts'
import { pairsOf, textOf, type Field, type Spoil } from './draft.ts'
import type { Random } from './random.ts'
import { ANY_JSON_TEXT, CHARACTERS, ODD_KEYS, ODD_NUMBERS, ODD_TEXTS, percent, words, type Broken } from './values.ts'

/** Breaks one constraint of a valid request. */
export const breakConstraint: Spoil = (draft, random, operation) => {
  const places: Spoil[] = [breakQuery, breakQuery]
  if (operation.query.length > 0) places.push(breakQuery, breakQuery)
  if (operation.params.length > 0) places.push(breakParam)
  if (operation.body.length > 0) places.push(breakMember, breakMember, breakMember, breakType)
  return random.pick(places)(draft, random, operation)
}

const breakQuery: Spoil = (draft, random, { query }) => {
  if (query.length === 0 || random.chance(0.1)) {
    draft.query.push(`${percent(random.pick(ODD_KEYS).slice(0, 500))}=${percent(random.pick(ODD_TEXTS))}`)
    return 'query: unknown parameter'
  }
  const field = random.pick(query)
  const { name } = field
  const put = (what: string, ...pairs: string[]): string => {
    draft.query = [...draft.query.filter((pair) => !pair.startsWith(`${name}=`)), ...pairs]
    return `query ${name}: ${what}`
  }
  if (random.chance(0.1)) return put('missing')
  if (random.chance(0.1)) return put('twice', ...pairsOf(field, random), ...pairsOf(field, random))
  if (random.chance(0.05)) return put('list', `${name}[]=1`, `${name}[0]=1`, `${name}[__proto__]=1`)
  const [what, text] = spoiltText(field, random)
  return put(what, `${name}=${percent(text)}`)
}

const breakParam: Spoil = (draft, random, { path, params }) => {
  // The last one, mostly: a wrong organisation before it is all that anybody looks at.
  const chosen = random.pick(random.chance(0.3) ? params : params.slice(-1))
  const [what, text] = spoiltText(chosen, random)
  // Dots alone and nothing at all are other paths.
  draft.routed = !/^\.{0,2}$/.test(text)
  const encoded = (field: Field): string => percent(field === chosen ? text : textOf(field, random))
  draft.path = params.reduce((all, field) => all.replace(`{${field.name}}`, () => encoded(field)), path)
  return `path ${chosen.name}: ${what}`
}

function spoiltText(field: Field, random: Random): Broken {
  const text = textOf(field, random)
  const at = random.below(text.length + 1)
  const [why, json] = field.wrong()
  return random.pick<Broken>([
    ['odd text', random.pick(ODD_TEXTS)],
    ['odd number', random.pick(ODD_NUMBERS)],
    ['long', 'z'.repeat(random.below(2500))],
    ['one character changed', text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + 1)],
    ['forged', forged(text, random)],
    [why, (json.startsWith('"') ? String(JSON.parse(json)) : json).slice(0, 1000)],
  ])
}

/** What holds JSON in base64url, as cursors do, with one of its leaves changed. */
function forged(text: string, random: Random): string {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, Json>
    const leaf = random.pick<Json>([...ODD_TEXTS, null, -1, 1.5, 2 ** 53, 1e21, [], {}, 'z'.repeat(60)])
    const changed = { ...value, [random.pick(Object.keys(value))]: leaf }
    return Buffer.from(JSON.stringify(changed)).toString('base64url')
  } catch {
    return Buffer.from(random.pick(ANY_JSON_TEXT)).toString('base64url')
  }
}

const breakMember: Spoil = (draft, random, { body }) => {
  const { members } = draft
  const { name, required, wrong } = random.pick(body)
  const others = members.filter(([other]) => other !== name)
  const any = random.pick(ANY_JSON_TEXT)
  const put = (what: string, ...more: Broken[]): string => {
    draft.members = more
    return `body ${name}: ${what}`
  }
  if (random.chance(0.2)) return put('another member', ...members, [random.pick(ODD_KEYS), any])
  if (random.chance(0.1)) return put('twice', [name, any], ...members)
  if (required && random.chance(0.2)) return put('missing', ...others)
  const [what, text] = wrong()
  return put(what, ...others, [name, text])
}

const WRONG_TYPES = [
  ...words('text/plain application/x-www-form-urlencoded multipart/form-data;boundary=x application/jsonp json */* '),
  ...words('latin1 utf-16 utf-8x "utf-8 \xff ').map((charset) => `application/json; charset=${charset}`),
  'application/json, text/plain',
  `application/json;${' '.repeat(5000)}x`,
  'application/problem+json',
  null,
]

const breakType: Spoil = (draft, random) => {
  draft.type = random.pick(WRONG_TYPES)
  return 'content type'
}
