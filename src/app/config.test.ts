import { describe, expect, it } from 'vitest'
import { TenonError } from '../kernel/tenon-error.ts'
import { readConfig, required } from './config.ts'

function refused(read: () => unknown): TenonError {
  try {
    read()
  } catch (error) {
    if (error instanceof TenonError) return error
    throw error
  }
  throw new Error('it was expected to fail')
}

describe('the settings', () => {
  it('have defaults that need no environment, and none for a secret', () => {
    expect(readConfig({})).toMatchObject({
      port: 7420,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:7420',
      databaseUrl: undefined,
      rootKey: undefined,
      queueKey: undefined,
      demo: true,
    })
  })

  it('of telemetry are off until they are set, and refused without being repeated', () => {
    expect(readConfig({})).toMatchObject({ workerPort: undefined, metricsToken: undefined, sentry: undefined })
    const dsn = 'https://0123abcd@sentry.example.org/path/42'
    expect(
      readConfig({ TENON_WORKER_PORT: '7421', TENON_METRICS_TOKEN: '0123456789abcdef', SENTRY_DSN: dsn }),
    ).toMatchObject({
      workerPort: 7421,
      metricsToken: '0123456789abcdef',
      sentry: { dsn, environment: 'production' },
    })
    for (const wrong of [
      { TENON_WORKER_PORT: '99999' },
      { TENON_METRICS_TOKEN: 'too-short' },
      { SENTRY_DSN: 'https://sentry.example.org/42' },
      { SENTRY_ENVIRONMENT: 'with space' },
    ]) {
      const [[name, value] = ['', '']] = Object.entries(wrong)
      const { code, details } = refused(() => readConfig(wrong))
      expect([code, details?.['issues']]).toEqual(['config_invalid', [expect.objectContaining({ path: name })]])
      expect(JSON.stringify(details)).not.toContain(value)
    }
  })

  it('count an empty variable as not set', () => {
    expect(readConfig({ TENON_PORT: '', TENON_ROOT_KEY: '' })).toMatchObject({ port: 7420, rootKey: undefined })
  })

  it('read lists, switches and addresses', () => {
    const config = readConfig({
      TENON_LOCAL_REPOS: '/a:/b',
      TENON_GIT_ALLOW_HOSTS: 'git.internal, other',
      TENON_DEMO: '0',
      TENON_PUBLIC_URL: 'https://tenon.example.org/',
    })
    expect(config).toMatchObject({ localRepos: ['/a', '/b'], demo: false, publicUrl: 'https://tenon.example.org' })
    expect(config.git.allowHosts).toEqual(['git.internal', 'other'])
  })

  it('accept access tokens of one issuer, for the public address and that of MCP', () => {
    expect(readConfig({}).oauth).toBeUndefined()
    expect(readConfig({ TENON_OAUTH_AUDIENCE: 'https://tenon.example' }).oauth).toBeUndefined()
    const TENON_OAUTH_ISSUER = 'https://issuer.example/'
    expect(readConfig({ TENON_OAUTH_ISSUER, TENON_PUBLIC_URL: 'https://tenon.example/' }).oauth).toEqual({
      issuer: TENON_OAUTH_ISSUER,
      audiences: ['https://tenon.example', 'https://tenon.example/', 'https://tenon.example/mcp'],
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      orgClaim: 'tenon_org',
    })
    const own = {
      TENON_OAUTH_AUDIENCE: 'api://tenon, tenon',
      TENON_OAUTH_ALGORITHMS: 'PS256',
      TENON_OAUTH_ORG_CLAIM: 'https://tenon.example/org',
    }
    expect(readConfig({ TENON_OAUTH_ISSUER, ...own }).oauth).toMatchObject({
      audiences: ['api://tenon', 'tenon'],
      algorithms: ['PS256'],
      orgClaim: 'https://tenon.example/org',
    })
  })

  it.each([
    ['TENON_OAUTH_ALGORITHMS', ['none', 'HS256', 'RS256 HS512', 'rs256', ',']],
    [
      'TENON_OAUTH_ISSUER',
      [
        'http://issuer.example',
        'http://localhost.example',
        'http://127.0.0.1.example',
        'ftp://127.0.0.1',
        'issuer.example',
        'https://user:pw-secret@issuer.example',
        'https://issuer.example?a=b',
        'https://issuer.example#a',
      ],
    ],
  ])('refuse in %s what would accept the tokens of anybody', (name, wrong) => {
    for (const text of wrong) {
      const error = refused(() => readConfig({ [name]: text }))
      expect(JSON.stringify(error.details)).toContain(name)
      expect(JSON.stringify(error.details)).not.toContain('secret')
    }
    for (const text of ['http://localhost:9000/realms/a', 'http://127.0.0.1:9000', 'http://[::1]:9000'])
      expect(readConfig({ TENON_OAUTH_ISSUER: text }).oauth?.issuer).toBe(text)
  })

  it('name every wrong variable and show no value', () => {
    const wrong = { TENON_PORT: '70000', TENON_ROOT_KEY: 'short-secret', DATABASE_URL: 'mysql://u:pw-secret@h/d' }
    const error = refused(() => readConfig(wrong))
    expect(error.code).toBe('config_invalid')
    const text = JSON.stringify(error.details)
    for (const name of Object.keys(wrong)) expect(text).toContain(name)
    expect(text).not.toContain('secret')
  })

  it('read failpoints, and say which is wrong', () => {
    const read = (text: string) => readConfig({ TENON_FAILPOINTS: text }).failpoints
    expect(readConfig({}).failpoints).toEqual([])
    expect(read('settle.written=kill@3, batch.committed=sleep:50,run.ended=throw')).toEqual([
      { name: 'settle.written', action: 'kill', sleepMs: 0, pass: 3 },
      { name: 'batch.committed', action: 'sleep', sleepMs: 50, pass: null },
      { name: 'run.ended', action: 'throw', sleepMs: 0, pass: null },
    ])
    expect(refused(() => read('nowhere.known=kill')).details).toMatchObject({
      issues: [{ path: 'TENON_FAILPOINTS', message: 'No failpoint nowhere.known' }],
    })
    for (const wrong of ['run.ended', 'run.ended=explode', 'run.ended=kill@0', 'run.ended=sleep', ','])
      expect(refused(() => read(wrong)).code).toBe('config_invalid')
  })

  it('are asked for together when a process needs them', () => {
    const error = refused(() => required({ A: undefined, B: 'set', C: undefined }))
    expect(error.details).toMatchObject({ issues: [{ path: 'A' }, { path: 'C' }] })
    expect(required({ B: 'set' })).toEqual({ B: 'set' })
  })
})

describe('the webhook of alerts', () => {
  const address = { TENON_ALERT_WEBHOOK_URL: 'https://alerts.example.com/tenon' }

  it('is none unless it is set, and needs what its messages are signed with', () => {
    expect(readConfig({}).alertWebhook).toBeUndefined()
    const secret = 'sixteen characters'
    expect(readConfig({ ...address, TENON_ALERT_WEBHOOK_SECRET: secret }).alertWebhook).toEqual({
      url: address.TENON_ALERT_WEBHOOK_URL,
      secret,
    })
    expect(() => readConfig(address)).toThrow('config_invalid')
    expect(() => readConfig({ TENON_ALERT_WEBHOOK_URL: 'ftp://alerts.example.com' })).toThrow('config_invalid')
  })
})
