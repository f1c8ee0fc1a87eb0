import { describe, expect, it } from 'vitest'
import { maskSecrets } from './mask.ts'

const A = (count: number): string => 'aB3dE6gH9jK2'.repeat(30).slice(0, count)
/** Put together here, so that this file holds none. */
const SECRETS: Readonly<Record<string, string>> = {
  'key of Tenon': `tn_live_${A(43)}`,
  'Stripe, secret': `sk_live_${A(24)}`,
  'Stripe, restricted': `rk_test_${A(24)}`,
  'Stripe, webhook': `whsec_${A(32)}`,
  OpenAI: `sk-proj-${A(48)}`,
  Anthropic: `sk-ant-${A(40)}-${A(10)}`,
  GitHub: `ghp_${A(36)}`,
  'GitHub, app': `ghs_${A(36)}`,
  'GitHub, fine-grained': `github_pat_${A(22)}_${A(59)}`,
  GitLab: `glpat-${A(20)}`,
  Slack: `xoxb-123456789012-${A(24)}`,
  AWS: 'AKIAIOSFODNN7EXAMPLE',
  'Google, key': `AIza${A(35)}`,
  'Google, token': `ya29.${A(60)}`,
  'Google, client': `GOCSPX-${A(28)}`,
  npm: `npm_${A(36)}`,
  PyPI: `pypi-${A(80)}`,
  Groq: `gsk_${A(52)}`,
  SendGrid: `SG.${A(22)}.${A(43)}`,
  Twilio: `SK${'0123456789abcdef'.repeat(2)}`,
  'signed token': `eyJ${A(20)}.eyJ${A(30)}.${A(43)}`,
}
const AROUND: readonly (readonly [string, string])[] = [
  ['', ''],
  ['const key = "', '"'],
  ["key: '", "' # of the service"],
  ['Bearer ', '\r\nnext'],
  ['url?token=', '&x=1'],
]

describe('a secret', () => {
  it.each(Object.entries(SECRETS))('of %s is masked as long as it is, wherever it stands', (_, secret) => {
    for (const [before, behind] of AROUND) {
      const { text, masked } = maskSecrets(`first\n${before}${secret}${behind}\nlast`)
      expect([text, masked]).toEqual([`first\n${before}${'*'.repeat(secret.length)}${behind}\nlast`, 1])
    }
  })

  it('in an address is masked without its user and host', () => {
    const { text, masked } = maskSecrets(
      'postgres://app:hunter22@db.example.org:5432/x https://:s3cret@host redis://u:p%40ss@h',
    )
    expect(text).toBe('postgres://app:********@db.example.org:5432/x https://:******@host redis://u:******@h')
    expect(masked).toBe(3)
  })

  it('of AWS is masked by its name', () => {
    const secret = `${A(38)}/+`
    for (const name of ['aws_secret_access_key = ', 'AWS_SECRET_ACCESS_KEY=', '"secretAccessKey": "'])
      expect(maskSecrets(`${name}${secret}"`).text).toBe(`${name}${'*'.repeat(40)}"`)
  })

  it('of several lines keeps its line ends, and is masked to the end when that is missing', () => {
    const body = `${A(64)}\r\n${A(64)}\r\n`
    for (const kind of ['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ']) {
      const key = `-----BEGIN ${kind}PRIVATE KEY-----\r\n${body}-----END ${kind}PRIVATE KEY-----`
      const { text, masked } = maskSecrets(`a\n${key}\nb`)
      expect([text, masked]).toEqual([`a\n${key.replaceAll(/[^\r\n]/g, '*')}\nb`, 1])
    }
    const open = `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${body}`
    expect(maskSecrets(open).text).toBe(open.replaceAll(/[^\r\n]/g, '*'))
  })

  it('that is a key goes from its beginning to the first end, and no farther than a key is long', () => {
    const [begin, end] = ['-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----']
    const key = `${begin}x${end}`
    const stars = '*'.repeat(key.length)
    expect(maskSecrets(`${end} a ${key} b ${key} ${end}`).text).toBe(`${end} a ${stars} b ${stars} ${end}`)
    const far = `${begin} ${'text '.repeat(5000)}`
    expect(maskSecrets(`${far}${key} a`)).toEqual({ text: `${far}${stars} a`, masked: 1 })
  })

  it('is masked each time, also beside others', () => {
    const all = Object.values(SECRETS).join(' ')
    const { text, masked } = maskSecrets(`${all}\n${all}`)
    expect(masked).toBe(Object.keys(SECRETS).length * 2)
    expect(text).toMatch(/^[*\s]+$/)
    expect(text.length).toBe(all.length * 2 + 1)
  })
})

describe('what is no secret', () => {
  it('stays as it is', () => {
    const lines = [
      'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
      'id: 123e4567-e89b-12d3-a456-426614174000',
      `<img src="data:image/png;base64,iVBORw0KGgo${A(300)}">`,
      'Author: Ada Lovelace <ada@example.org>',
      'https://host:8080/path@2x.png',
      'https://user@example.org/a:b@c',
      'git@github.com:owner/name.git',
      'http://localhost:3000, mailto:ada@example.org',
      '`postgres://${user}:${password}@host`',
      'import { task-sk-list } from "./disk-space-and-more-of-the-same"',
      'sk-',
      'skip_live_tests',
      'npm_config_registry',
      'npm_package_name',
      'gh_',
      'SG.a.b',
      'AKIA',
      'ASIAN',
      'eyJ',
      'SKU0123',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
      '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
      'process.env.AWS_SECRET_ACCESS_KEY',
      'aws_secret_access_key = ${secret}',
    ]
    for (const line of lines) expect(maskSecrets(line)).toEqual({ text: line, masked: 0 })
  })

  it('is passed over quickly in a text of a megabyte', () => {
    const text = 'const answer = compute(question, { depth: 42 }) // an ordinary line\n'.repeat(15_000)
    const began = performance.now()
    expect(maskSecrets(text).masked).toBe(0)
    expect(maskSecrets(`${text}AKIAIOSFODNN7EXAMPLE`).masked).toBe(1)
    expect(performance.now() - began).toBeLessThan(500)
  })
})

describe('a megabyte that is made to be slow', () => {
  const MEGABYTE = 1_000_000
  const pieces = [
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN RSA ',
    '-----BEGIN A B C PRIVATE KEY-----x',
    '-----END ',
    'a://',
    'a://a:',
    'a://:aaa',
    `${'a'.repeat(21)}://`,
    'a.b-c+',
    'http://a:b',
    `http://${'u'.repeat(128)}:${'p'.repeat(256)}`,
    'eyJ',
    `eyJ${'a'.repeat(10)}.`,
    `eyJ${'a'.repeat(10)}.eyJ${'a'.repeat(10)}.`,
    'SG.',
    `SG.${'a'.repeat(22)}.`,
    'sk-',
    'sk-proj-',
    'sk_live_',
    'pypi-',
    'xoxb-',
    'ya29.',
    'AKIA',
    'secretAccessKey',
    'aws_secret_access_key    =    ',
    'github_pat_',
    'ghp_',
    'a',
    '-',
    ' ',
    '\n',
    'a ',
    ':',
    '/',
    '@',
  ]
  it.each(pieces)('%j is read in less than a second', (piece) => {
    const suspect = `sk-${A(30)} x://y@ `
    for (const text of [
      piece.repeat(Math.ceil(MEGABYTE / piece.length)),
      `${suspect}${piece.repeat(Math.ceil(MEGABYTE / piece.length))}`,
    ]) {
      const began = performance.now()
      const { text: masked } = maskSecrets(text)
      expect(performance.now() - began).toBeLessThan(1000)
      expect(masked.length).toBe(text.length)
    }
  })
})
