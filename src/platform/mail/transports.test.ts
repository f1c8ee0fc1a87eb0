import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { outboxTransport, smtpTransport, type Message } from './index.ts'

const SENDER = { from: 'Tenon <tenon@example.com>', host: 'tenon.example.com' }
const MAIL: Message = {
  id: 'mail_01jd2m5x8qf3v7w9y0z1a2b3c4',
  to: 'ada@example.com',
  subject: 'Grüße',
  text: 'Hello,\n\nhttp://127.0.0.1:7420/accounts/verify?token=abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk\n',
  html: '<p>Hello</p>',
}
const never = new AbortController().signal

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly user: string | null
  readonly text: string
}

async function mailServer(options: SMTPServerOptions) {
  const received: Received[] = []
  const server = new SMTPServer({
    onAuth: ({ username, password }, _, done) =>
      password === 'pass:word' ? done(null, { user: username ?? '' }) : done(new Error('no')),
    onData: (stream, session, done) => {
      let text = ''
      stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        const user = typeof session.user === 'string' ? session.user : null
        received.push({ from, to: rcptTo.map(({ address }) => address), secure: session.secure, user, text })
        done()
      })
    },
    ...options,
  })
  // A client that hangs up because it trusts nobody is no failure of the server.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(() => resolve())))
  return { received, port: (server.server.address() as AddressInfo).port }
}

function sender(url: string, rejectUnauthorized?: boolean) {
  const transport = smtpTransport({
    ...SENDER,
    url,
    ...(rejectUnauthorized === undefined ? {} : { tls: { rejectUnauthorized } }),
  })
  ends.push(() => transport.close())
  return transport
}

describe('a mail server', () => {
  it('gets the mail to one address, from the sender, with an id of ours', async () => {
    const { received, port } = await mailServer({ authOptional: true, disabledCommands: ['STARTTLS'] })
    await sender(`smtp://127.0.0.1:${port}`).send(MAIL, never)
    expect(received).toMatchObject([{ from: 'tenon@example.com', to: ['ada@example.com'], secure: false }])
    const text = received[0]?.text ?? ''
    expect(text).toContain(`Message-ID: <${MAIL.id}@tenon.example.com>`)
    expect(text).toContain('Auto-Submitted: auto-generated')
    expect(text).toContain('text/html')
  })

  it('is told name and password as the address has them', async () => {
    const { received, port } = await mailServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true })
    await sender(`smtp://a%40b:pass%3Aword@127.0.0.1:${port}`).send(MAIL, never)
    expect(received).toMatchObject([{ user: 'a@b' }])
    await expect(sender(`smtp://a%40b:wrong@127.0.0.1:${port}`).send(MAIL, never)).rejects.toThrow(/Invalid login|535/)
  })

  // 127.1 is this machine in a form that is not taken for it.
  it('is told nothing without TLS when it is another machine', async () => {
    const plain = await mailServer({ authOptional: true, disabledCommands: ['STARTTLS'] })
    await expect(sender(`smtp://127.1:${plain.port}`).send(MAIL, never)).rejects.toThrow(/STARTTLS|TLS/)
    expect(plain.received).toEqual([])
    const encrypted = await mailServer({ authOptional: true })
    await sender(`smtp://127.1:${encrypted.port}`, false).send(MAIL, never)
    expect(encrypted.received).toMatchObject([{ secure: true }])
  })

  it('is told nothing when nobody vouches for its certificate', async () => {
    const starting = await mailServer({ authOptional: true })
    await expect(sender(`smtp://127.1:${starting.port}`).send(MAIL, never)).rejects.toThrow(/certificate/i)
    const secure = await mailServer({ authOptional: true, secure: true })
    await expect(sender(`smtps://127.0.0.1:${secure.port}`).send(MAIL, never)).rejects.toThrow(/certificate/i)
    await sender(`smtps://127.0.0.1:${secure.port}`, false).send(MAIL, never)
    expect([starting.received, secure.received]).toMatchObject([[], [{ secure: true }]])
  })

  it('that is not there or refuses is an error, to be tried again', async () => {
    const { port } = await mailServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('mailbox is full'), { responseCode: 452 })),
    })
    await expect(sender(`smtp://127.0.0.1:${port}`).send(MAIL, never)).rejects.toThrow('mailbox is full')
    for (const end of ends.splice(0)) await end()
    await expect(sender(`smtp://127.0.0.1:${port}`).send(MAIL, never)).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe('the outbox', () => {
  it('has each mail once, whole, readable by its owner alone, with links that can be copied', async () => {
    const folder = temporaryFolder('outbox')
    ends.push(async () => folder.remove())
    const dir = join(folder.path, 'outbox')
    const transport = outboxTransport({ ...SENDER, dir })
    await transport.send(MAIL, never)
    await transport.send(MAIL, never)
    expect(readdirSync(dir)).toEqual([`${MAIL.id}.eml`])
    const path = join(dir, `${MAIL.id}.eml`)
    expect([statSync(dir).mode & 0o777, statSync(path).mode & 0o777]).toEqual([0o700, 0o600])
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('?token=abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk\r\n')
    expect(text).toMatch(/^To: ada@example\.com\r$/m)
    expect(text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('cannot be made to write to anybody else, nor to add headers', async () => {
    const folder = temporaryFolder('outbox')
    ends.push(async () => folder.remove())
    const transport = outboxTransport({ ...SENDER, dir: folder.path })
    await transport.send(
      { ...MAIL, to: 'ada@example.com\r\nBcc: eve@example.com', subject: 'a\r\nBcc: eve@example.com' },
      never,
    )
    const text = readFileSync(join(folder.path, `${MAIL.id}.eml`), 'utf8')
    expect(text).not.toMatch(/^Bcc:/m)
  })
})
