import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSession, signUp, verifyEmail } from '../../src/contract/accounts.ts'
import { PARTS, fieldsOf, type DataOf, type Operation } from '../../src/contract/operation.ts'
import type { ErrorEnvelope } from '../../src/contract/errors.ts'
import type { Outcome } from '../../src/kernel/run-operation.ts'
import type { TestNode } from './node.ts'
import { waitFor } from './wait-for.ts'

export const PASSWORD = 'correct horse battery'

/** How somebody calls: with which credential, from which address. */
export interface CallAs {
  readonly apiKey?: string
  readonly session?: string
  readonly org?: string
  readonly address?: string
  readonly userAgent?: string
}

let addresses = 0

/** A call of a person; each from an address of its own, so that none is limited for another. */
export function callAs(
  node: Pick<TestNode, 'caller'>,
  as: CallAs,
  operation: Operation,
  input: object,
): Promise<Outcome> {
  const fields = fieldsOf(operation)
  const parts = PARTS.map((part) => [
    part,
    Object.fromEntries(Object.entries(input).filter(([name]) => (fields.get(name) ?? 'query') === part)),
  ])
  const { apiKey, session, org, userAgent } = as
  return node.caller.call(operation, {
    credentials: { apiKey, session },
    input: Object.fromEntries(parts) as { params: object; query: object; body: object } as never,
    requestId: 'request-of-a-person',
    address: as.address ?? `2001:db8::${(++addresses).toString(16)}`,
    org,
    userAgent,
    signal: new AbortController().signal,
  })
}

export async function dataOf<Op extends Operation>(outcome: Promise<Outcome>, operation: Op): Promise<DataOf<Op>> {
  const answer = await outcome
  if (!answer.ok) throw new Error(JSON.stringify(answer.envelope))
  return operation.output.parse(answer.envelope.data) as DataOf<Op>
}

export async function errorOf(outcome: Promise<Outcome>): Promise<ErrorEnvelope['error']> {
  const answer = await outcome
  if (answer.ok) throw new Error(`it was expected to fail: ${JSON.stringify(answer.envelope)}`)
  return answer.envelope.error
}

export interface ReadMail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly raw: string
}

/** What lies in the outbox for an address, oldest first. */
export function mailsTo(node: Pick<TestNode, 'dir'>, to: string): ReadMail[] {
  const dir = join(node.dir, 'outbox')
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .filter((name) => name.endsWith('.eml'))
    .toSorted()
    .map((name) => parseMail(readFileSync(join(dir, name), 'utf8')))
    .filter((mail) => mail.to === to)
}

export async function nthMailTo(node: Pick<TestNode, 'dir'>, to: string, count: number): Promise<ReadMail> {
  await waitFor(async () => mailsTo(node, to).length >= count, 20_000)
  const mail = mailsTo(node, to)[count - 1]
  if (mail === undefined) throw new Error('the mail has gone')
  return mail
}

export function tokenIn({ text }: ReadMail): string {
  const token = /[?&]token=([^\s&]+)/.exec(text)?.[1]
  if (token === undefined) throw new Error(`no token in: ${text}`)
  return decodeURIComponent(token)
}

export interface SignedIn {
  readonly email: string
  readonly id: string
  /** A bearer. */
  readonly session: string
}

/** Signs up, confirms the address and signs in, as a person would. */
export async function newPerson(node: TestNode, email: string, name = 'Ada Lovelace'): Promise<SignedIn> {
  await dataOf(callAs(node, {}, signUp, { email, name, password: PASSWORD }), signUp)
  const token = tokenIn(await nthMailTo(node, email, 1))
  await dataOf(callAs(node, {}, verifyEmail, { token }), verifyEmail)
  return signIn(node, email)
}

export async function signIn(node: TestNode, email: string, password = PASSWORD, as: CallAs = {}): Promise<SignedIn> {
  const { session, user } = await dataOf(callAs(node, as, createSession, { email, password }), createSession)
  if (typeof session?.token !== 'string' || user === null) throw new Error('a second factor is asked for')
  return { email, id: user.id, session: session.token }
}

/** The six digits of RFC 6238 for the secret of an otpauth address; a step is half a minute. */
export function totp(uri: string, step = 0): string {
  const secret = base32(new URL(uri).searchParams.get('secret') ?? '')
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const at = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function base32(text: string): Buffer {
  const bits = text
    .replace(/=+$/, '')
    .split('')
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

function parseMail(raw: string): ReadMail {
  const [head = ''] = raw.split('\r\n\r\n')
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(head)?.[1]?.replaceAll(/\r\n[ \t]/g, ' ') ?? ''
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1] ?? ''
  const parts = raw.split(`--${boundary}`).map((part) => {
    const at = part.indexOf('\r\n\r\n')
    return { head: part.slice(0, at), body: part.slice(at + 4) }
  })
  const body = (type: string): string => {
    const part = parts.find((each) => each.head.includes(`Content-Type: ${type}`))
    return part === undefined ? '' : decoded(part.head, part.body)
  }
  return { to: header('To'), subject: header('Subject'), text: body('text/plain'), html: body('text/html'), raw }
}

function decoded(head: string, body: string): string {
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}
