import { join } from 'node:path'
import { outboxTransport, smtpTransport, type MailTransport } from '../platform/mail/index.ts'
import type { Config } from './config.ts'

/** The mail server when there is one, else a folder of the data folder. */
export function mailTransportOf({
  mail,
  dataDir,
  publicUrl,
}: Pick<Config, 'mail' | 'dataDir' | 'publicUrl'>): MailTransport {
  const host = new URL(publicUrl).hostname
  const sender = { from: mail.from ?? `Tenon <no-reply@${/^[\d.[]/.test(host) ? 'localhost' : host}>`, host }
  const { smtpUrl } = mail
  return smtpUrl === undefined
    ? outboxTransport({ ...sender, dir: join(dataDir, 'outbox') })
    : smtpTransport({ ...sender, url: smtpUrl })
}
