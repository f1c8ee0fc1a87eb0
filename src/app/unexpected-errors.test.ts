import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startSentryServer } from '../../test/support/sentry-server.ts'

const SCRIPT = fileURLToPath(new URL('../../test/support/unexpected-error.ts', import.meta.url))

async function run(how: 'throw' | 'reject' | 'quiet', env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [SCRIPT, how], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code: await code, stdout, stderr, lines }
}

async function sentry(answer?: Parameters<typeof startSentryServer>[0]) {
  const server = await startSentryServer(answer)
  onTestFinished(() => server.close())
  return server
}

describe('an error that nobody has caught', () => {
  for (const how of ['throw', 'reject'] as const) {
    it(`is logged with its stack and ends the process with code 70: ${how}`, async () => {
      const { code, lines, stderr } = await run(how)
      expect(code).toBe(70)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatchObject({
        level: 'error',
        origin: how === 'throw' ? 'uncaughtException' : 'unhandledRejection',
        err: { stack: expect.stringContaining('unexpected-error.ts') as unknown },
      })
      expect(stderr).not.toContain('tn_live_0')
    })

    it(`is reported before the process ends: ${how}`, async () => {
      const server = await sentry()
      const { code } = await run(how, { SENTRY_DSN: server.dsn, SENTRY_ENVIRONMENT: 'test' })
      expect(code).toBe(70)
      expect(server.events).toHaveLength(1)
      expect(server.events[0]).toMatchObject({ environment: 'test', tags: { role: 'worker' } })
      expect(server.raw()).not.toContain('tn_live_0')
    })
  }

  it('ends the process also when a Sentry never answers', async () => {
    const server = await sentry(() => {})
    const began = performance.now()
    expect((await run('throw', { SENTRY_DSN: server.dsn })).code).toBe(70)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})

describe('without a DSN', () => {
  it('nothing of the error capture is loaded', async () => {
    const { code, stdout, lines } = await run('quiet')
    expect([code, JSON.parse(stdout), lines.length]).toEqual([0, [], 1])
  })

  it('and with one it is', async () => {
    const server = await sentry()
    const { code, stdout } = await run('quiet', { SENTRY_DSN: server.dsn })
    expect([code, JSON.parse(stdout)]).toEqual([0, ['@sentry/core', '@sentry/core/server']])
    expect(server.events).toHaveLength(1)
  })

  it('a malformed one is refused, without being repeated', async () => {
    for (const dsn of ['https://sentry.example.org/1', 'https://secretsecret@sentry.example.org/', 'nonsense']) {
      const { code, stderr } = await run('quiet', { SENTRY_DSN: dsn })
      expect(code).not.toBe(0)
      expect(stderr).toContain('config_invalid')
      expect(stderr).not.toContain('secretsecret')
    }
  })
})
