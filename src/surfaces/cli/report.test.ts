import { describe, expect, it } from 'vitest'
import { unheard } from '../../../test/support/cli-settings.ts'
import { ERRORS, type ErrorCode, type ErrorDetails } from '../../contract/errors.ts'
import { runCli } from './program.ts'
import { CliError, type CliSettings } from './settings.ts'

/** What a command says when the server refuses it so. */
async function refused(
  argv: readonly string[],
  code: ErrorCode,
  details?: ErrorDetails,
  more: Partial<CliSettings> = {},
) {
  let err = ''
  const error = { code, message: ERRORS[code].message, ...(details ? { details } : {}), requestId: 'req_1' }
  const settings: CliSettings = {
    ...unheard,
    liveWidth: 60,
    err: (text) => (err += text),
    fetch: async () => Response.json({ error }, { status: ERRORS[code].httpStatus ?? 500 }),
    ...more,
  }
  const exitCode = await runCli(argv, settings, [])
  return { exitCode, err, lines: err.trimEnd().split('\n') }
}

describe('an error', () => {
  it('fits the terminal, and goes on below its text', async () => {
    const { err, lines } = await refused(['deps', 'a.ts', '--repository', 'x'], 'path_not_found', { path: 'a.ts' })
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
    expect(err).toMatch(/\n {2}→ Give the path .*\n {4}\S/)
    expect(err.replaceAll(/\s+/g, ' ')).toContain(ERRORS.path_not_found.recovery)
    const wide = await refused(['deps', 'a.ts', '--repository', 'x'], 'path_not_found', undefined, { liveWidth: null })
    expect(wide.err).toContain(`  → ${ERRORS.path_not_found.recovery}\n`)
  })

  it('about a thing that is not there names it, and the command that lists what is', async () => {
    for (const [argv, name, list] of [
      [['repos', 'show', 'nope'], 'repository: nope', 'tenon repos list'],
      [['search', 'x', '--project', 'gone'], 'project: gone', 'tenon projects list'],
      [['runs', 'show', 'run_1'], 'run: run_1', 'tenon runs list'],
    ] as const) {
      const { exitCode, lines, err } = await refused(argv, 'not_found')
      expect([exitCode, lines[1]]).toEqual([3, `  ${name}`])
      expect(err.replaceAll(/\s+/g, ' ')).toContain(`\`${list}\` shows what there is.`)
    }
  })

  it('about a value names the option or argument that gave it, and its help', async () => {
    const issues = [
      { path: 'query.maxTokens', message: 'Too small' },
      { path: 'query.q', message: 'Not a regular expression' },
      { path: 'body.spec.steps', message: 'There is no such field' },
    ]
    const { lines } = await refused(['search', 'x'], 'validation_failed', { issues }, { liveWidth: 80 })
    expect(lines.slice(1, 5)).toEqual([
      '  --max-tokens: Too small',
      '  <q>: Not a regular expression',
      '  spec.steps: There is no such field',
      '  → See `tenon search --help`.',
    ])
  })

  it('about settings leads to the help on them, not to details that only programs see', async () => {
    const invalid = new CliError('config_invalid', { issues: [{ path: 'TENON_PORT', message: 'Too big' }] })
    const { err } = await refused(['me'], 'internal', undefined, { invalid })
    expect(err).toContain('  TENON_PORT: Too big\n')
    expect(err).toContain('`tenon help environment`')
    expect(err).not.toContain('details.')
  })

  it('lets no text of the server act on the terminal', async () => {
    const { err } = await refused(['me'], 'forbidden', { scope: '\u001b[2Jall' })
    expect(err).not.toContain('\u001b')
  })
})
