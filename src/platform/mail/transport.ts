/** A mail as it leaves. */
export interface Message {
  /** The same at every try, so that a receiver can tell a repetition. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Takes mails away. What it throws is tried again. */
export interface MailTransport {
  send(message: Message, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Who writes, and the host that the ids of its mails end with. */
export interface Sender {
  readonly from: string
  readonly host: string
}

/** For nodemailer: the address stands by itself, so that nothing in it can name a second one. */
export function envelopeOf({ id, to, subject, text, html }: Message, { from, host }: Sender) {
  return {
    from,
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${id}@${host}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
