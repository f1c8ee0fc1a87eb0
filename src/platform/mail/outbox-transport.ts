import { mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { envelopeOf, type MailTransport, type Sender } from './transport.ts'

const PLAIN_HEAD = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'

/** Mails as files of RFC 5322 in a folder, for whoever has no mail server: `<id>.eml`, which sort by time. */
export function outboxTransport({ dir, ...sender }: Sender & { readonly dir: string }): MailTransport {
  return {
    send: async (message) => {
      const { createTransport } = await import('nodemailer')
      const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
      // The plain part as it is, so that a link can be copied out of the file.
      const readable = { raw: `${PLAIN_HEAD}${message.text.replaceAll('\n', '\r\n')}` }
      const { message: content } = await composer.sendMail({
        ...envelopeOf(message, sender),
        text: undefined,
        html: undefined,
        alternatives: [readable, { contentType: 'text/html; charset=utf-8', content: message.html }],
      })
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const path = join(dir, `${message.id}.eml`)
      // By a name of its own: whoever reads the folder never meets half a mail.
      const unfinished = `${path}.${process.pid}.unfinished`
      const file = await open(unfinished, 'w', 0o600)
      try {
        await file.writeFile(content as Buffer)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(unfinished, path)
    },
    close: async () => {},
  }
}
