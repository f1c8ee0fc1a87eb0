import { describe, expect, it } from 'vitest'
import { redactText, redactValue } from './redact.ts'

const SECRETS = [
  'tn_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG123456',
  'Bearer abcdef.123456',
  'postgresql://tenon:hunter22@db.example.org/tenon',
  'https://ghp_0123456789abcdefghij@github.com/a/b.git',
  'sk-proj-0123456789abcdef',
  'AKIAIOSFODNN7EXAMPLE',
  'someone@example.org',
  '/callback?access_token=abcdefgh',
]

describe('redaction', () => {
  it('masks what has the shape of a secret or an address, and nothing else', () => {
    for (const secret of SECRETS) expect(redactText(`before ${secret} after`)).not.toContain(secret)
    const plain = 'run_01jd2m5x8qf3v7w9y0z1a2b3c4 read https://github.com/honojs/hono at 127.0.0.1:7420'
    expect(redactText(plain)).toBe(plain)
  })

  it('masks fields by their name, and errors with their causes, and ends on cycles', () => {
    const cycle: Record<string, unknown> = {
      password: 'hunter22',
      apiKey: 'k',
      authorization: 'x',
      name: 'n',
      tokens: 3,
    }
    cycle['self'] = cycle
    cycle['err'] = new Error('no', { cause: new Error('of tn_live_abcdefgh') })
    const masked = JSON.stringify(redactValue(cycle))
    expect(masked).not.toMatch(/hunter22|tn_live_abcdefgh/)
    expect(redactValue(cycle)).toMatchObject({
      apiKey: '[redacted]',
      authorization: '[redacted]',
      name: 'n',
      tokens: 3,
    })
  })
})
