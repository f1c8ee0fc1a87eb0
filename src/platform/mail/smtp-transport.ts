import type { Transporter } from 'nodemailer'
import { envelopeOf, type MailTransport, type Sender } from './transport.ts'

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const CONNECT_MS = 10_000
const SILENT_MS = 20_000

/** By a mail server. Beyond this machine nothing is said without TLS, and certificates are checked. */
export function smtpTransport({
  url,
  tls,
  ...sender
}: Sender & { readonly url: string; readonly tls?: { readonly rejectUnauthorized?: boolean } }): MailTransport {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const isLocal = LOOPBACK.test(hostname)
  const options = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && !isLocal,
    ignoreTLS: !secure && isLocal,
    ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    ...(tls === undefined ? {} : { tls }),
  }
  let opened: Promise<Transporter> | undefined
  const transporter = (): Promise<Transporter> =>
    (opened ??= import('nodemailer').then(({ createTransport }) => createTransport(options)))
  return {
    send: async (message, signal) => {
      signal.throwIfAborted()
      const client = await transporter()
      await client.sendMail(envelopeOf(message, sender))
    },
    close: async () => (await opened)?.close(),
  }
}
