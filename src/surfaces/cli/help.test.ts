import { describe, expect, it } from 'vitest'
import { unheard } from '../../../test/support/cli-settings.ts'
import { tenonCallsIn } from '../../../test/support/shell-words.ts'
import { localCommands } from '../../app/local-commands.ts'
import { EXIT } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { isAbsent } from '../../contract/operation.ts'
import { commandsBelow, globalsOf, modelOf, type CommandModel } from './command-model.ts'
import { SECTIONS } from './command-tree.ts'
import { FIRST_STEP_EXAMPLES } from './help.ts'
import { buildProgram, runCli } from './program.ts'
import type { CliSettings } from './settings.ts'
import { columnsOf } from './text-width.ts'

const local = localCommands({ config: () => Promise.reject(new Error('not here')) as never, say: () => {} }).map(
  (command) => ({ ...command, run: async () => EXIT.done }),
)
const root = modelOf(buildProgram(unheard, local).program)
const all = commandsBelow(root)
/** Also a group that does something by itself. */
const leaves = all.filter(({ commands, examples }) => commands.length === 0 || examples.length > 0)
const named = (models: readonly CommandModel[]) => models.map((model) => [model.words.join(' '), model] as const)

async function run(argv: readonly string[], more: Partial<CliSettings> = {}) {
  const text = { out: '', err: '' }
  const settings = { ...unheard, out: (part: string) => (text.out += part), err: (part: string) => (text.err += part) }
  const code = await runCli(argv, { ...settings, ...more }, local)
  return { code, ...text }
}

/** A machine on which every example can begin its work, and no server. */
const machine: Partial<CliSettings> = {
  isTerminal: true,
  confirm: async () => true,
  input: async () => '{}',
  readFile: async () => '{}',
  git: async (args) => ({ code: 0, out: args.includes('ls-files') ? '' : 'diff --git a/x b/x\n', err: '' }),
}

describe('the examples of the help', () => {
  it.each(named(leaves))('of %s are at least two, and can be run as they stand', async (_, { words, examples }) => {
    expect(examples.length).toBeGreaterThanOrEqual(2)
    for (const example of examples) {
      const calls = tenonCallsIn(example)
      expect([example, calls.length > 0]).toEqual([example, true])
      expect(calls.some((call) => call.join(' ').startsWith(words.slice(1).join(' ')))).toBe(true)
      for (const call of calls) {
        const { code, err } = await run(call, machine)
        const done =
          words[1] === 'help' || words[1] === 'completion' || local.some(({ name }) => call.join(' ').startsWith(name))
        expect([example, code, err]).toEqual([example, done ? EXIT.done : EXIT.tryAgain, expect.any(String)])
      }
    }
  })

  it('of the first steps can be run as well', async () => {
    for (const step of FIRST_STEP_EXAMPLES)
      for (const call of tenonCallsIn(step))
        expect([step, (await run(call, machine)).code]).not.toEqual([step, EXIT.usage])
  })
})

describe('the help', () => {
  it('stands by itself: every command has a summary, a description and a place', () => {
    const summaries = all.map(({ summary }) => summary)
    expect(summaries.filter((summary) => summary === '' || summary.length > 68)).toEqual([])
    for (const { words, description, args, options } of all) {
      expect([words, description.length > 20]).toEqual([words, true])
      for (const { term, description: told } of [...args, ...options]) expect([words, term, told]).not.toContain('')
    }
    const placed = new Set(Object.values(SECTIONS).flat())
    expect(root.commands.filter(({ words }) => !placed.has(words[1] ?? ''))).toEqual([])
    for (const { surfaces } of OPERATIONS) {
      if (isAbsent(surfaces.cli)) continue
      const path = `tenon ${surfaces.cli.command}`
      expect(leaves.some(({ words }) => words.join(' ') === path)).toBe(true)
    }
  })

  it.each([40, 60, 80, 140, Number.POSITIVE_INFINITY])(
    'keeps within %d columns, and within a hundred',
    async (width) => {
      const most = Math.min(width, 100)
      for (const { words } of [root, ...all]) {
        const { code, out } = await run([...words.slice(1), '--help'], { width })
        expect([words, code]).toEqual([words, 0])
        // What can not be broken: a command to copy, and the name of an option.
        const long = out
          .split('\n')
          .filter((line) => columnsOf(line) > most && !/^(?: {2}(?:tenon|git|\S+=|claude|-)| {6}--)/.test(line))
        expect([words, long]).toEqual([words, []])
        expect(out.split('\n').filter((line) => line !== line.trimEnd())).toEqual([])
      }
    },
  )

  it('is printed without a word as well, and explains exit codes, settings and output', async () => {
    const bare = await run([])
    expect(bare).toMatchObject({ code: 0, err: '' })
    expect(bare.out).toBe((await run(['--help'])).out)
    expect((await run(['help'])).out).toBe(bare.out)
    for (const section of [...Object.keys(SECTIONS), 'First steps', 'TENON_API_KEY', 'tenon help exit-codes'])
      expect(bare.out).toContain(section)
    const { out: codes } = await run(['help', 'exit-codes'])
    for (const code of Object.values(EXIT)) expect(codes).toMatch(new RegExp(`^ +${code}  \\S`, 'm'))
    const variables = [{ name: 'TENON_PORT', description: 'Port of the API', byDefault: '7420' }]
    expect((await run(['help', 'environment'], { variables })).out).toContain(
      'TENON_PORT  Port of the API (default 7420)',
    )
    expect((await run(['help', 'output'])).out).toContain('--quiet')
    const { out: json } = await run(['help', 'exit-codes', '--json'])
    expect(JSON.parse(json).data).toContainEqual({
      code: 3,
      meaning: expect.any(String),
      errors: expect.arrayContaining(['not_found']),
    })
    expect((await run(['help', 'runs', 'watch'])).out).toBe((await run(['runs', 'watch', '--help'])).out)
    expect((await run(['help', 'runz'])).err).toContain('did you mean: runs')
  })

  it('of a group is wrong use without --help, and lists its commands either way', async () => {
    const { code, err, out } = await run(['repos'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe((await run(['repos', '--help'])).out)
    expect(err).toMatch(/^ {2}add <source> +Add a repository and index it$/m)
  })

  it('colours only what it says to a terminal that has colours', async () => {
    const { out } = await run(['search', '--help'], { colors: true })
    expect(out).toContain('\u001b[1mExamples\u001b[22m')
    // oxlint-disable-next-line no-control-regex
    const plain = out.replaceAll(/\u001b\[\d+m/g, '')
    const words = (text: string): string[] => text.replaceAll('`', '').split(/\s+/)
    expect(words(plain)).toEqual(words((await run(['search', '--help'])).out))
    // Colours stand in the place of the marks, which take no room then.
    expect(plain).not.toContain('`')
    for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe('a wrong word', () => {
  it.each([
    [['serch', 'x'], 'search'],
    [['repo', 'list'], 'repos'],
    [['repos', 'ad'], 'repos add'],
    [['runs', 'wacth'], 'runs watch'],
    [['reindex', 'x'], 'repos reindex'],
    [['search', 'x', '--repo', 'y'], '--repository'],
    [['search', 'x', '--jsn'], '--json'],
    [['api-keys', 'list', '--limt', '3'], '--limit'],
  ])('%j is answered with what was most likely meant', async (argv, meant) => {
    const { code, err, out } = await run(argv)
    expect([code, out, err.match(/did you mean: (.*)/)?.[1]]).toEqual([2, '', meant])
    const json = await run([...argv, '--json'])
    expect([json.code, json.err]).toEqual([2, ''])
    expect(JSON.parse(json.out).error).toMatchObject({ code: 'usage', details: { 'did you mean': meant } })
  })

  it('that is like no other gets no guess, and the way to the help', async () => {
    const { code, err } = await run(['runs', 'xylophone'])
    expect([code, err]).toEqual([2, "error Unknown command 'xylophone' (usage)\n  → See `tenon runs --help`.\n"])
  })
})

describe('an option', () => {
  it('takes a value under one name everywhere, or nowhere, so that a completion can tell', () => {
    const takes = new Map<string, boolean>()
    for (const { long, takesValue } of [root, ...all].flatMap(({ options }) => options).concat(globalsOf(root))) {
      expect([long, takes.get(long) ?? takesValue]).toEqual([long, takesValue])
      takes.set(long, takesValue)
    }
  })
})
