import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { readIssuers } from './issuer-settings.ts'

const folder = temporaryFolder('issuers')
afterAll(() => folder.remove())

const SECRET = 'a secret of a project that nobody else knows'
writeFileSync(join(folder.path, 'jwt.secret'), `${SECRET}\n`, { mode: 0o600 })
const OIDC = { name: 'staff', issuer: 'https://login.example/realms/staff', audience: 'tenon', algorithms: ['RS256'] }
const SUPABASE = {
  name: 'app',
  kind: 'supabase',
  issuer: 'https://project.supabase.co/auth/v1',
  audience: 'authenticated',
  algorithms: ['HS256'],
  secretFile: 'jwt.secret',
}

let files = 0
function read(content: unknown, oauthIssuer?: string) {
  const issuersFile = join(folder.path, `issuers-${(files += 1)}.json`)
  writeFileSync(issuersFile, typeof content === 'string' ? content : JSON.stringify(content))
  const oauth = oauthIssuer === undefined ? undefined : ({ issuer: oauthIssuer } as never)
  return readIssuers({ issuersFile, oauth })
}

/** What the operator is told. */
function wrongWith(content: unknown, oauthIssuer?: string): string[] {
  try {
    read(content, oauthIssuer)
  } catch (thrown) {
    if (!(thrown instanceof TenonError) || thrown.code !== 'config_invalid') throw thrown
    const issues = thrown.details?.['issues'] as { path: string; message: string }[]
    return issues.map(({ path, message }) => (path === 'TENON_ISSUERS_FILE' ? message : `${path}: ${message}`))
  }
  return []
}

describe('the file of issuers', () => {
  it('is not needed', () => {
    expect(readIssuers({ issuersFile: undefined, oauth: undefined })).toEqual([])
    expect(read([])).toEqual([])
  })

  it('names connections, with what counts when it is left out', () => {
    const [staff, app, more] = read([
      OIDC,
      SUPABASE,
      {
        ...OIDC,
        name: 'more',
        issuer: 'https://b2c.example/v2',
        audience: ['a', 'b'],
        jwksUrl: 'https://b2c.example/keys?p=one',
      },
    ])
    expect(staff).toEqual({
      name: 'staff',
      kind: 'oidc',
      issuer: OIDC.issuer,
      audiences: ['tenon'],
      signing: { algorithms: ['RS256'], jwksUrl: undefined },
      emailClaim: 'email',
      emailVerifiedClaim: 'email_verified',
      trustEmail: false,
      requireJti: true,
      maxAgeSeconds: 86_400,
    })
    expect(app?.signing).toMatchObject({ secret: { type: 'secret', symmetricKeySize: SECRET.length } })
    expect(more).toMatchObject({ audiences: ['a', 'b'], signing: { jwksUrl: 'https://b2c.example/keys?p=one' } })
  })

  it('leaves no secret where something could be shown', () => {
    const shown = inspect(read([SUPABASE]), { depth: 9 }) + JSON.stringify(read([SUPABASE]))
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toContain(Buffer.from(SECRET).toString('hex').slice(0, 12))
  })

  const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
    ['no list', { connections: [] }, /^Invalid input/],
    ['no JSON', '[{"name": "my-secret', /^The file is not JSON$/],
    ['a name that is none', [{ ...OIDC, name: 'Staff!' }], /^connection 1, name: Lower-case/],
    [
      'an issuer in plain text',
      [{ ...OIDC, issuer: 'http://login.example' }],
      /^connection 1, issuer: An https address/,
    ],
    ['no audience', [{ ...OIDC, audience: [] }], /^connection 1, audience: Too small/],
    ['no algorithm', [OIDC, { ...OIDC, algorithms: [] }], /^connection 2, algorithms: /],
    ['none as an algorithm', [{ ...OIDC, algorithms: ['none'] }], /^connection 1, algorithms, 0: Invalid option/],
    ['a longer hash of a secret', [{ ...SUPABASE, algorithms: ['HS512'] }], /algorithms, 0: Invalid option/],
    [
      'a secret beside public keys',
      [{ ...SUPABASE, algorithms: ['HS256', 'RS256'] }],
      /algorithms: HS256 stands alone/,
    ],
    ['a shared secret that is not there', [{ ...SUPABASE, secretFile: undefined }], /secretFile: HS256 needs it/],
    ['a secret that is not used', [{ ...OIDC, secretFile: 'jwt.secret' }], /secretFile: It is for HS256 alone/],
    ['a secret in the file itself', [{ ...OIDC, secret: SECRET }], /Unrecognized key: "secret"/],
    [
      'public keys of a secret',
      [{ ...SUPABASE, jwksUrl: 'https://a.example/keys' }],
      /jwksUrl: HS256 has no public keys/,
    ],
    ['keys in plain text', [{ ...OIDC, jwksUrl: 'http://127.0.0.1/keys' }], /jwksUrl: It has to be https/],
    ['keys elsewhere in plain text', [{ ...OIDC, jwksUrl: 'https://a.example/keys#x' }], /jwksUrl: An https address/],
    [
      'a claim that users edit',
      [{ ...SUPABASE, emailVerifiedClaim: 'user_metadata' }],
      /emailVerifiedClaim: Users of Supabase/,
    ],
    [
      'trust where the issuer says it itself',
      [{ ...OIDC, trustEmail: true }],
      /trustEmail: It is for the kind supabase/,
    ],
    ['tokens without end', [{ ...OIDC, maxAgeSeconds: 31_536_000 }], /maxAgeSeconds: /],
    [
      'one name twice',
      [OIDC, { ...OIDC, issuer: 'https://b.example' }],
      /^connection 2, name: Another has it already$/,
    ],
    ['one issuer twice', [OIDC, { ...OIDC, name: 'b' }], /^connection 2, issuer: Another has it already$/],
    [
      'a secret that can not be read',
      [{ ...SUPABASE, secretFile: 'none' }],
      /^connection 1, secretFile: It can not be read$/,
    ],
  ]
  it.each(WRONG)('is refused with %s, and what stands in it is not quoted', (_, content, reason) => {
    const told = wrongWith(content)
    expect(told).toEqual([expect.stringMatching(reason)])
    for (const secret of [SECRET, 'my-secret', 'a.example', 'Staff!']) expect(told.join()).not.toContain(secret)
  })

  it('is refused with the issuer whose tokens are accepted for organisations', () => {
    expect(wrongWith([OIDC], OIDC.issuer)).toEqual(['connection 1, issuer: It is that of TENON_OAUTH_ISSUER already'])
    expect(wrongWith([OIDC], 'https://another.example')).toEqual([])
  })

  it('is refused with a secret that others can read, or that is short', () => {
    writeFileSync(join(folder.path, 'short'), 'x'.repeat(31), { mode: 0o600 })
    expect(wrongWith([{ ...SUPABASE, secretFile: 'short' }])).toEqual([expect.stringContaining('at least 32 bytes')])
    writeFileSync(join(folder.path, 'open'), SECRET)
    chmodSync(join(folder.path, 'open'), 0o644)
    expect(wrongWith([{ ...SUPABASE, secretFile: 'open' }])).toEqual([expect.stringContaining('Others can read it')])
  })

  it('is missed when it is named and not there', () => {
    expect(() => readIssuers({ issuersFile: join(folder.path, 'none.json'), oauth: undefined })).toThrow(
      'config_invalid',
    )
  })
})
