import { Option, type Command } from 'commander'
import { analyzeImpact, type Impact } from '../../contract/impact.ts'
import type { CallInputOf } from '../../contract/operation.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { inputSchemaOf, optionOf } from './field-option.ts'
import { folderOf, OF_FOLDER, repositoryHere, type Folder } from './folder.ts'
import { changeIn, headOf } from './git-diff.ts'
import { readText } from './local-file.ts'
import { CliError, type CliSettings } from './settings.ts'
import { count } from './sections.ts'
import { plain } from './text.ts'

const FIELDS = ['repository', 'project', 'depth', 'includeTests', 'limit', 'maxTokens'] as const

type Call = CallInputOf<typeof analyzeImpact>
/** What has changed, one of the ways to say it. */
type What = Pick<Call, 'diff' | 'base' | 'head' | 'files' | 'symbols'>
interface Given {
  readonly base?: string | undefined
  readonly head?: string | undefined
  readonly diff?: string | undefined
  readonly files?: string[] | undefined
  readonly symbols?: string[] | undefined
}
type Options = Given & Partial<Pick<Call, (typeof FIELDS)[number]>>

/** `tenon impact`: the change of the current folder, seen against the index. */
export function addImpact(program: Command, context: Context): void {
  const { properties } = inputSchemaOf(analyzeImpact)
  const command = commandAt(program, 'impact')
    .summary('Show what a change affects')
    .description(
      'Show what a change affects: symbols, the files that depend on them, the tests to run, routes and jobs, and a risk with its reasons. The change is what git finds in the current folder, new files with it, unless it is given otherwise.',
    )
    .addOption(baseOption())
    .option('--head <ref>', 'commit, branch or tag after the change; the working tree when left out')
    .option('--diff <file>', 'unified diff to take instead; `-` is the standard input')
    .option('--files <path...>', 'files that will change, from the root of the repository')
    .option('--symbols <name...>', 'symbols that will change, as `name` or `path:name`')
  for (const name of FIELDS) {
    const option = optionOf(name, properties[name] ?? {}, false)
    if (name === 'repository') option.description += OF_FOLDER
    command.addOption(option)
  }
  addExamples(command, [
    'tenon impact',
    'tenon impact --base main --head HEAD',
    'git diff --cached | tenon impact --diff - --repository tenon',
    'tenon impact --symbols src/kernel/ctx.ts:Ctx --repository tenon',
  ])
  command.action((options: Options) => analyze(options, context))
}

/** Left out, it is as git has it: no value is sent in its place. */
function baseOption(): Option {
  const option = new Option(
    '--base <ref>',
    'commit, branch or tag that the change began from: what has come there since is left out',
  )
  option.defaultValueDescription = 'HEAD'
  return option
}

async function analyze({ base, head, diff, files, symbols, ...options }: Options, context: Context): Promise<void> {
  const { settings } = context
  const folder = await folderOrNull(settings, diff ?? files ?? symbols)
  const what = await whatOf({ base, head, diff, files, symbols }, folder, options.repository, context)
  if (what === null) {
    const empty =
      diff === undefined
        ? `Nothing has changed between ${base ?? 'HEAD'} and ${head ?? 'the working tree'}.`
        : 'The diff is empty.'
    return settings.out(context.json() ? '{"data":null}\n' : `${empty}\n`)
  }
  const client = context.client()
  const repository = options.repository ?? (await repositoryHere(client, context))
  const envelope = await client.call(analyzeImpact, { ...options, ...what, repository })
  context.show(analyzeImpact.name, envelope)
  if (context.json() || context.quiet()) return
  if (what.diff !== undefined && folder !== null) await compareCommits(envelope.data, folder, settings)
}

/** Git is needed only where nothing else says what has changed. */
async function folderOrNull(settings: CliSettings, given: unknown): Promise<Folder | null> {
  // Without git only what the diff itself says is known, which is enough.
  return given === undefined ? folderOf(settings) : folderOf(settings).catch(() => null)
}

/** Null when nothing has changed. @throws CliError `usage` */
async function whatOf(
  { base, head, diff, files, symbols }: Given,
  folder: Folder | null,
  repository: string | undefined,
  { settings, note }: Context,
): Promise<What | null> {
  const given = [diff, files, symbols, base ?? head].filter((one) => one !== undefined)
  if (given.length > 1) throw wrong('Give one of --diff, --files, --symbols, or --base and --head')
  if (files !== undefined) return { files }
  if (symbols !== undefined) return { symbols: symbols.map(symbolOf) }
  if (diff !== undefined) return diffOf(await readText(diff, settings))
  for (const ref of [base, head]) if (ref?.startsWith('-') === true) throw wrong(`${ref} is no name of a commit`)
  if (folder !== null) {
    const change = await changeIn(folder, { base, head }, settings)
    const { leftOut } = change
    if (leftOut.length > 0)
      note(`Left out, as git does not know them yet: ${count(leftOut.length, 'more new file')}.\n`)
    return diffOf(change.diff)
  }
  if (base !== undefined && repository !== undefined) return { base, head }
  throw wrong('This folder is in no git repository: give --diff, --files or --symbols, or --base with --repository')
}

function diffOf(text: string): What | null {
  const most = analyzeImpact.body.shape.diff.unwrap().maxLength ?? Number.POSITIVE_INFINITY
  if (text.length > most)
    throw wrong(`The diff is too long: ${text.length} of ${most} characters; name --files instead`)
  return text.trim() === '' ? null : { diff: text }
}

/** A path may hold a colon; a name of a symbol does not. */
function symbolOf(text: string): NonNullable<What['symbols']>[number] {
  const at = text.lastIndexOf(':')
  return at <= 0 ? { name: text } : { path: text.slice(0, at), name: text.slice(at + 1) }
}

async function compareCommits(
  { indexedCommit, repository }: Pick<Impact, 'indexedCommit' | 'repository'>,
  folder: Folder,
  settings: CliSettings,
): Promise<void> {
  const head = await headOf(folder, settings)
  if (head === null || indexedCommit === null || head === indexedCommit) return
  settings.out(
    `\nThis folder is at ${head.slice(0, 10)}, the index at ${indexedCommit.slice(0, 10)}.\nBring it up to date: tenon repos reindex ${plain(repository)}\n`,
  )
}

function wrong(reason: string): CliError {
  return new CliError('usage', { reason })
}
