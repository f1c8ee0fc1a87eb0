import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { redactText } from '../../kernel/redact.ts'
import { looksLikeSession, openChallenge, openSession, signChallenge, signSession } from './signed.ts'

const SECRETS = ['a secret of a test, long enough for it'] as const
const TOKEN = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345'

describe('what people hold', () => {
  it('opens with its secret alone, and with one that is still in the list', () => {
    const session = signSession(SECRETS, TOKEN)
    expect(openSession(SECRETS, session)).toBe(TOKEN)
    expect(openSession(['another secret of a test', ...SECRETS], session)).toBe(TOKEN)
    expect(openSession(['another secret of a test'], session)).toBeNull()
    // Of two with the same end, neither is taken for the other.
    expect(openChallenge(SECRETS, session.replace('session', 'challenge'))).toBeNull()
  })

  it('opens whatever letters better-auth has picked for a challenge', () => {
    for (let n = 0; n < 200; n++) {
      const identifier = `2fa-${createHash('sha256').update(String(n)).digest('base64url').slice(0, 20)}`
      expect(openChallenge(SECRETS, signChallenge(SECRETS, identifier))).toBe(identifier)
    }
  })

  it('is taken for no key and no token of an issuer, and is masked as a whole wherever it is logged', () => {
    const session = signSession(SECRETS, TOKEN)
    expect(looksLikeSession(session)).toBe(true)
    for (const other of [`tn_live_${'x'.repeat(49)}`, 'eyJhbGciOiJub25lIn0.e30.', '', 'TN_SESSION_x'])
      expect(looksLikeSession(other)).toBe(false)
    expect(session).not.toContain('.')
    expect(redactText(`a ${session} b ${signChallenge(SECRETS, '2fa-a_b-c')} c`)).toBe('a [redacted] b [redacted] c')
  })
})
