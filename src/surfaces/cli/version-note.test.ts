import { describe, expect, it } from 'vitest'
import { unheard } from '../../../test/support/cli-settings.ts'
import { ERRORS } from '../../contract/errors.ts'
import { headerOf, INSTALLATIONS, OWN_RELEASE, upgradesTo } from '../../contract/release.ts'
import { runCli } from './program.ts'
import type { CliSettings } from './settings.ts'
import { versionNote } from './version-note.ts'

async function list(
  server: string | null,
  argv: readonly string[] = [],
  more: Partial<CliSettings> = {},
  refusal?: object,
) {
  const text = { out: '', err: '' }
  const sent: (string | null)[] = []
  const settings: CliSettings = {
    ...unheard,
    liveWidth: 80,
    out: (part) => (text.out += part),
    err: (part) => (text.err += part),
    fetch: async (input, init) => {
      sent.push(new Request(input, init).headers.get('x-tenon-client'))
      const headers = server === null ? {} : { 'x-tenon-version': server }
      const body = { data: [], meta: { pagination: { nextCursor: null, limit: 50 } } }
      return refusal === undefined ? Response.json(body, { headers }) : Response.json(refusal, { status: 426, headers })
    },
    ...more,
  }
  const code = await runCli(['repos', 'list', ...argv], settings, [])
  return { code, sent, ...text }
}

describe('the release of the command line', () => {
  it('is told to the server with every call', async () => {
    expect((await list(null)).sent).toEqual([`cli/${headerOf(OWN_RELEASE)}`])
    const headers = () => ({ traceparent: '00-1', 'x-tenon-client': 'another' })
    expect((await list(null, [], { headers })).sent).toEqual([`cli/${headerOf(OWN_RELEASE)}`])
  })

  it('is compared with that of the server, and a difference said in dim lines that fit the terminal', async () => {
    const older = await list('99.1.0; api=1', [], { colors: true })
    expect(older).toMatchObject({ code: 0, out: expect.stringContaining('No repositories yet') })
    expect(older.err).toBe(
      `\u001b[2mThis command line is ${OWN_RELEASE.version}, the server 99.1.0. Upgrade this one:\u001b[22m\n` +
        '\u001b[2m  npm install --global ./tenon-99.1.0.tgz\u001b[22m\n',
    )
    expect((await list('0.0.1; api=1')).err).toMatch(/^This command line is .*, the server still 0\.0\.1: .*\n$/)
    for (const installation of INSTALLATIONS) {
      const { err } = await list('99.1.0-rc.1; api=1', [], { installation })
      expect(err).toContain(`\n  ${upgradesTo({ version: '99.1.0-rc.1', api: 1 })[installation]}\n`)
      for (const line of err.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    }
    for (const same of [headerOf(OWN_RELEASE), null, 'nonsense']) expect((await list(same)).err).toBe('')
  })

  it('is not talked of to programs', async () => {
    for (const argv of [['--json'], ['--quiet']]) expect((await list('99.1.0; api=1', argv)).err).toBe('')
    expect((await list('99.1.0; api=1', [], { liveWidth: null })).err).toBe('')
  })

  it('that is refused ends the command with the way to upgrade it', async () => {
    const upgrade = upgradesTo({ version: '99.0.0', api: 7 })
    const details = { client: '0.1.0; api=1', server: '99.0.0; api=7', oldestApi: 5, upgrade }
    const error = { code: 'client_outdated', message: ERRORS.client_outdated.message, details, requestId: 'req_1' }
    for (const installation of INSTALLATIONS) {
      const { code, err } = await list('99.0.0; api=7', [], { installation }, { error })
      expect(code).toBe(1)
      expect(err).toContain(ERRORS.client_outdated.message)
      expect(err).toContain(`  → Upgrade it: \`${upgrade[installation]}\`\n`)
      expect(err).not.toContain('{')
    }
    const json = await list('99.0.0; api=7', ['--json'], {}, { error })
    expect([json.code, JSON.parse(json.out)]).toEqual([1, { error }])
  })

  it('is compared with any other', () => {
    const own = { version: '2.0.0', api: 2 }
    expect(versionNote({ server: { version: '2.0.0', api: 2 }, own })).toEqual([])
    expect(versionNote({ server: { version: '2.0.0', api: 3 }, own })[0]).toContain('Upgrade this one')
    expect(versionNote({ server: { version: '1.9.9', api: 2 }, own })).toHaveLength(1)
    expect(versionNote({ server: null, own })).toEqual([])
  })
})
