import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { UserId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { insertVerification, selectVerification, takeVerification } from './accounts.sql.ts'

/** What a link in a mail is for, and for how long it works. */
const SECONDS = { 'verify-email': 86_400, 'reset-password': 3_600 } as const
export type Purpose = keyof typeof SECONDS

/** What a link stands for. */
export interface Meant {
  readonly user: UserId
  /** The password and name of the sign-up that the mail belongs to: a later sign-up by somebody else changes nothing. */
  readonly hash?: string
  readonly name?: string
  /** Of the password that it replaces: once that is another, the link is over. */
  readonly replaces?: string
}

/** A token of 256 bits; the database has its SHA-256. With null it stands for nothing, and is told to nobody. */
export async function newMailToken(sql: Sql, purpose: Purpose, meant: Meant | null): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const told = meant === null ? randomBytes(32).toString('base64url') : token
  await sql.run(insertVerification, {
    id: randomUUID(),
    identifier: identifierOf(purpose, told),
    value: JSON.stringify(meant),
    seconds: SECONDS[purpose],
  })
  return token
}

/** In the transaction that does what the link is for. @throws TenonError `mail_token_invalid` */
export async function takeMailToken(sql: Sql, purpose: Purpose, token: string): Promise<Meant> {
  return meantBy(await sql.run(takeVerification, { identifier: identifierOf(purpose, token) }))
}

/** Without using it up. @throws TenonError `mail_token_invalid` */
export async function checkMailToken(sql: Sql, purpose: Purpose, token: string): Promise<Meant> {
  return meantBy(await sql.run(selectVerification, { identifier: identifierOf(purpose, token) }))
}

function meantBy([row]: readonly { readonly value: string }[]): Meant {
  // Written above.
  const meant = row === undefined ? null : (JSON.parse(row.value) as Meant | null)
  if (meant === null) throw new TenonError('mail_token_invalid')
  return meant
}

/** Tells one password from another, and nothing of either. */
export function fingerprintOf(passwordHash: string): string {
  return createHash('sha256').update(passwordHash).digest('base64url')
}

function identifierOf(purpose: Purpose, token: string): string {
  return createHash('sha256').update(`${purpose}:${token}`).digest('base64url')
}
