import { z } from 'zod'
import { idSchema } from '../../contract/ids.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Database } from '../db/index.ts'
import { seal, unseal } from '../kms/index.ts'
import type { Job, Queue } from '../queue/index.ts'
import { beginTry, deleteOldMails, endMail, giveUpOnOld, insertMail } from './mail.sql.ts'
import { renderMail, type MailContent } from './templates.ts'
import type { MailTransport } from './transport.ts'

export interface MailRequest {
  readonly to: string
  readonly content: MailContent
  /** Queued like any other and sent to nobody: so that an answer takes as long for an address that nobody has. */
  readonly drop?: boolean
}

export interface Mail {
  /** Part of the caller's transaction, as the role of accounts or that of a tenant: sent when it commits, and not else. */
  queueMail(sql: Sql, request: MailRequest, call: { readonly requestId: string }): Promise<void>
  readonly jobs: readonly Job[]
  /** Removes what is old. */
  readonly tasks: readonly (() => Promise<void>)[]
  close(): Promise<void>
}

export interface MailOptions {
  readonly db: Database
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
  readonly transport: MailTransport
  /** What the content is sealed with: the first one; those after it open what is left from before. */
  readonly secrets: readonly [string, ...string[]]
  /** Where links lead. */
  readonly publicUrl: string
}

/** Of a node, each about one a second. */
const PARALLEL = 8
const SEND = 'mail.send'
export const mailJobNames = [SEND] as const
/** The first, and three more of the queue. */
const MAX_TRIES = 4

export function createMail(options: MailOptions): Mail {
  const { db, queue, secrets, transport, log } = options
  return {
    queueMail: async (sql, { to, content, drop = false }, call) => {
      const id = newId('mail')
      const sealed = seal({ secret: secrets[0], place: `mail ${id}` }, JSON.stringify(content))
      await sql.run(insertMail, {
        id,
        recipient: drop ? '' : to,
        template: content.template,
        content: drop ? null : sealed,
        state: drop ? 'dropped' : 'queued',
      })
      await queue.enqueue(sql, SEND, { mail: id }, call)
    },
    jobs: [
      {
        name: SEND,
        parallel: PARALLEL,
        payload: z.strictObject({ mail: idSchema('mail') }),
        run: (payload, signal) => send(options, (payload as { mail: string }).mail, signal),
      },
    ],
    tasks: [
      async () => {
        const lost = await db.accounts.run(giveUpOnOld, {})
        if (lost.length > 0) log.error({ mails: lost.map(({ id }) => id) }, 'mails could not be sent within a day')
        await db.accounts.run(deleteOldMails, {})
      },
    ],
    close: () => transport.close(),
  }
}

/** Sent at least once; a repetition has the same id, by which a receiver can tell it. */
async function send({ db, clock, log, transport, secrets, publicUrl }: MailOptions, id: string, signal: AbortSignal) {
  const [mail] = await db.accounts.run(beginTry, { id })
  if (mail === undefined) return
  const { recipient, content, tries } = mail
  const place = `mail ${id}`
  const text = secrets.map((secret) => unseal({ secret, place }, content)).find((opened) => opened !== null)
  if (text === undefined) {
    await db.accounts.run(endMail, { id, state: 'failed', sentAt: null })
    log.error({ mail: id }, 'a mail was sealed with a secret that is not known any more')
    return
  }
  try {
    // What was sealed was made above.
    const rendered = renderMail(JSON.parse(text) as MailContent, publicUrl)
    await transport.send({ id, to: recipient, ...rendered }, signal)
  } catch (error) {
    if (tries >= MAX_TRIES) await db.accounts.run(endMail, { id, state: 'failed', sentAt: null })
    log.warn({ err: error, mail: id, tries }, 'a mail could not be sent')
    throw error
  }
  await db.accounts.run(endMail, { id, state: 'sent', sentAt: clock.now() })
}
