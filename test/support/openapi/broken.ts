import { bodyText, type Header, type Spoil, type Wire } from './draft.ts'
import { words, type Broken } from './values.ts'

const BAD_BYTES = words('ff c0af eda080 f4908080 e282 80 fe 00').map((hex) => Buffer.from(hex, 'hex'))
const STRAYS = words('" { } , : \\ \0 NaN // \'')
const NO_OBJECTS = words('[] "a" 1 null true [{}] - 1e999 NaN undefined  a=b&c=d')

/** A body that can not be read. */
export const spoilBody: Spoil = (draft, random) => {
  const text = bodyText(draft)
  const at = random.below(text.length + 1)
  const [start, end] = [text.slice(0, at), text.slice(at)]
  const deepest = random.chance(0.05) ? 200_000 : 500
  const [what, body] = random.pick<() => readonly [string, string | Buffer]>([
    () => ['truncated', start],
    () => ['broken', start + random.pick(STRAYS) + end],
    () => ['invalid UTF-8', Buffer.concat([Buffer.from(start), random.pick(BAD_BYTES), Buffer.from(end)])],
    () => ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
    () => ['byte order mark', `\ufeff${text}`],
    () => ['no object', random.pick(NO_OBJECTS)],
    () => ['two values', `${text}${text}`],
    () => ['deep', '['.repeat(1 + random.below(deepest))],
    () => (random.chance(0.02) ? ['too large', `{"name":"${'a'.repeat(1 << 20)}"}`] : ['list', `[${text}]`]),
  ])()
  draft.body = Buffer.from(body)
  return `body: ${what}`
}

const METHODS = words('GET POST PUT PATCH DELETE OPTIONS HEAD TRACE QUERY PROPFIND SEARCH')
const SEGMENTS = [
  ...words(
    '% %zz %c3%28 %00 %2e%2e %2e%2e%2f%2e%2e .. .  \\ %5c ;a=b %25%32%66 %u0041 %E0%80%80 %ED%A0%80 %FF caf\xe9',
  ),
  ...words('[ ] | " < > ^ ` {org} * ~ @ : %0d%0aX-A:%201 a%20b favicon.ico .env .git null %F0%9F%98%80 #a'),
  ...words('__proto__ constructor toString'),
]
const QUERIES = words('% %zz=% &&& = == ? a=%ED%A0%80 %00=%00 +=+ caf\xe9=\xe9 a[b][c]=1 limit=%E0%A4%A limit')
const ODD_IDS = [
  ...words(' short ../../../x %0d%0aX-A:1 \xff\xfe "quoted-id" <script> __proto__ constructor \t req_\xc3\xa4 {"a":1}'),
  ...[129, 300, 6000].map((length) => 'x'.repeat(length)),
  'a b c d e f',
  '12345678, 12345678',
  ' ',
]
const HOSTS = words('other.example [::1] [ a:b % 127.0.0.1:99999 127.1 a@b a/b \xe9 0x7f.1 ')
const ODD_HEADERS: readonly Header[] = [
  ...ODD_IDS.flatMap((value): Header[] => words('X-Request-ID Idempotency-Key').map((name) => [name, value])),
  ...words('GET DELETE \xff').map((value): Header => ['X-HTTP-Method-Override', value]),
  ...words('127.0.0.1 ::1,x \xff').map((value): Header => ['X-Forwarded-For', value]),
  ...words(' text/html */*;q=x \xff').map((value): Header => ['Accept', value]),
  ...words('__proto__ constructor').map((name): Header => [name, 'a']),
]
const RARE_HEADERS: readonly Header[] = [
  ['X-A', 'a\x01b\0c'],
  ['X-A', 'a'.repeat(20_000)],
  ...HOSTS.map((host): Header => ['Host', host]),
]
const ODD_CREDENTIALS = [
  ...words(' Bearer Bearer\t Bearer\xff Token \t'),
  ...words(`null \xff ${'a'.repeat(6000)} a,b undefined `).map((token) => `Bearer ${token}`),
  `Bearer tn_live_${'0'.repeat(49)}`,
  'Basic YTpi',
  'bearer x y',
  'Digest a="b"',
]

/** A request line or headers that are not as they should be. */
export const spoilHead: Spoil = (draft, random, operation) => {
  const spoil = random.pick(HEAD_SPOILS)
  return spoil(draft, random, operation)
}

const spoilCredentials: Spoil = (draft, random) => {
  draft.headers = draft.headers.filter(([name]) => !/^(?:authorization|x-.*key)$/i.test(name))
  if (random.chance(0.2)) return 'credentials: none'
  draft.headers.push(['Authorization', random.pick(ODD_CREDENTIALS)])
  if (random.chance(0.2)) draft.headers.push(['X-API-Key', random.pick(ODD_IDS)])
  return 'credentials: odd'
}

const spoilPath: Spoil = (draft, random) => {
  const segment = random.pick(SEGMENTS)
  const parts = draft.path.split('/')
  const at = 1 + random.below(parts.length - 1)
  const [what, path] = random.pick<Broken>([
    ['odd segment', parts.with(at, segment).join('/')],
    ['another segment', parts.toSpliced(at, 0, segment).join('/')],
    ['unknown', `/${segment}/${random.pick(SEGMENTS)}`],
    ['long', `/v1/${random.pick(['a', '%41', '\xe9']).repeat(random.below(4000))}`],
    ['slash', random.pick([`${draft.path}/`, `/${draft.path}`, '/', '//', '/?', '*', '?'])],
    ['upper case', draft.path.toUpperCase()],
    ['absolute', `http://other.example${draft.path}`],
    random.chance(0.05) ? ['too long', `/${'a'.repeat(20_000)}`] : ['fragment', `${draft.path}#a`],
  ])
  draft.path = path
  draft.routed = false
  return `path: ${what}`
}

const spoilMethod: Spoil = (draft, random) => {
  const others = METHODS.filter((method) => method !== draft.method)
  draft.method = random.pick(random.chance(0.02) ? words('FOO get G\xffT ') : others)
  draft.routed = false
  return 'method'
}

const spoilQuery: Spoil = (draft, random) => {
  draft.query = random.pick([
    [...draft.query, random.pick(QUERIES)],
    [random.pick(QUERIES)],
    [`q=${random.pick(['a', '%41', '+', '\xe9']).repeat(random.below(4000))}`],
    Array.from({ length: random.below(1000) }, (_, i) => random.pick([`k${i}=1`, 'limit=1'])),
  ])
  return 'query: odd'
}

const spoilHeader: Spoil = (draft, random) => {
  const header = random.pick(random.chance(0.1) ? RARE_HEADERS : ODD_HEADERS)
  draft.headers.push(header)
  if (random.chance(0.2)) draft.headers.push(header)
  return `header: ${header[0]}`
}

const HEAD_SPOILS: readonly Spoil[] = [
  spoilPath,
  spoilPath,
  spoilMethod,
  spoilQuery,
  spoilQuery,
  spoilHeader,
  spoilHeader,
  spoilHeader,
  spoilCredentials,
]

const headAndBody = (head: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(head, 'latin1'), body])
const withHead =
  (change: (head: string) => string): Wire['bytes'] =>
  (head, body) =>
    headAndBody(change(head), body)
const withHeaders = (...lines: string[]): Wire['bytes'] =>
  withHead((head) => head.replace('\r\n\r\n', `\r\n${lines.join('\r\n')}\r\n\r\n`))
const chunked = (chunks: (body: Buffer) => string): Wire['bytes'] => {
  return (head, body) =>
    headAndBody(
      head.replace(/(?:\r\nContent-Length: \d+)?\r\n\r\n/, '\r\nTransfer-Encoding: chunked\r\n\r\n'),
      Buffer.from(chunks(body), 'latin1'),
    )
}
const chunk = (bytes: Buffer): string =>
  bytes.length === 0 ? '' : `${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`

const WIRES: readonly (readonly [what: string, bytes: Wire['bytes'], hangsUp: Wire['hangsUp']])[] = [
  ['leaves before the answer', headAndBody, 'at once'],
  ['leaves within the body', (head, body) => headAndBody(head, body.subarray(0, body.length / 2)), 'at once'],
  ['leaves within the head', (head) => Buffer.from(head.slice(0, head.length / 2), 'latin1'), 'at once'],
  ['ends within the head', (head) => Buffer.from(head.slice(0, head.length / 2), 'latin1'), 'half'],
  ['ends within the body', withHead((head) => head.replace(/(Content-Length: )/, '$11')), 'half'],
  ['chunks', chunked((body) => `${chunk(body.subarray(0, 3))}${chunk(body.subarray(3))}0\r\n\r\n`), 'never'],
  ['broken chunks', chunked((body) => `${chunk(body)}zz\r\n`), 'half'],
  ['two lengths', withHeaders('Content-Length: 1', 'Content-Length: 2'), 'half'],
  ['length and chunks', withHeaders('Transfer-Encoding: chunked'), 'half'],
  ['another transfer coding', withHeaders('Transfer-Encoding: gzip, \x01'), 'half'],
  ['a compressed body', withHeaders('Content-Encoding: gzip'), 'never'],
  ['a header without a colon', withHeaders('nothing'), 'half'],
  ['a header without a name', withHeaders(': a'), 'half'],
  ['a folded header', withHeaders('X-A: a', ' b'), 'half'],
  ['line feeds alone', withHead((head) => head.replaceAll('\r\n', '\n')), 'half'],
  ['many headers', withHeaders(...Array.from({ length: 1500 }, (_, i) => `X${i}: a`)), 'half'],
  ['HTTP/1.0', withHead((head) => head.replace('HTTP/1.1', 'HTTP/1.0')), 'never'],
  ['HTTP/0.9', withHead((head) => head.replace(/ HTTP\/1\.1[^]*/, '\r\n')), 'half'],
  ['HTTP/2', () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'half'],
  ['TLS', () => Buffer.from('160301020001', 'hex'), 'half'],
  ['no host', withHead((head) => head.replace(/\r\nHost: [^\r]*/, '')), 'never'],
  ['an upgrade', withHeaders('Connection: Upgrade', 'Upgrade: websocket'), 'never'],
  ['an expectation', withHeaders('Expect: 100-continue'), 'never'],
  ['another expectation', withHeaders('Expect: a'), 'never'],
]

/** Bytes that are no whole request, or that the client does not wait for. */
export const spoilWire: Spoil = (draft, random) => {
  const [what, bytes, hangsUp] = random.pick(WIRES)
  draft.wire = { bytes, hangsUp }
  return `wire: ${what}`
}
