import type { Repository, SearchMatch } from '../../contract/code.ts'
import type { ApiKey, Organization } from '../../contract/identity.ts'
import type { Envelope } from '../../contract/operation.ts'
import type { Run, RunLog } from '../../contract/runs.ts'
import type { CliSettings } from './settings.ts'
import { ago, plain, size, styleOf, table, type Style } from './text.ts'

type Look = Pick<CliSettings, 'width' | 'colors'>
type Render = (data: never, look: Look) => string

/** What a person sees of each operation's answer; what has no entry is shown as JSON. */
const RENDERERS: Readonly<Record<string, Render>> = {
  'me.get': ({ org, apiKey }: { org: Organization; apiKey: ApiKey }) =>
    `${plain(org.name)} (${org.slug})  ${org.id}\nkey ${plain(apiKey.name)} ${apiKey.hint}  ${apiKey.scopes.join(' ')}\n`,
  'apiKeys.create': (key: ApiKey & { secret: string }) =>
    `${key.secret}\n\nKeep it now: it is shown this once. ${key.id}, scopes ${key.scopes.join(' ')}\n`,
  'apiKeys.revoke': (key: ApiKey) => `Revoked ${key.id} (${plain(key.name)}).\n`,
  'apiKeys.list': (keys: ApiKey[], look) =>
    listOf(keys, look, 'No keys.', ['ID', 'KEY', 'STATE', 'MADE', 'NAME'], (key) => [
      key.id,
      key.hint,
      key.revokedAt === null ? 'active' : 'revoked',
      ago(key.createdAt),
      key.name,
    ]),
  'repositories.add': started,
  'repositories.reindex': started,
  'repositories.delete': ({ name }: { name: string }) => `Deleted ${plain(name)}.\n`,
  'repositories.get': (repository: Repository) => fields({ ...repository, sizeBytes: size(repository.sizeBytes) }),
  'repositories.list': (repositories: Repository[], look) =>
    listOf(
      repositories,
      look,
      'No repositories yet. Add one: tenon repos add owner/name --wait',
      ['NAME', 'STATUS', 'FILES', 'SIZE', 'COMMIT', 'INDEXED', 'SOURCE'],
      (r) => [
        r.name,
        r.status,
        String(r.files),
        size(r.sizeBytes),
        r.indexedCommit?.slice(0, 10) ?? '–',
        ago(r.indexedAt),
        r.source,
      ],
    ),
  'runs.list': (runs: Run[], look) =>
    listOf(runs, look, 'No runs yet.', ['ID', 'PIPELINE', 'STATUS', 'CHUNKS', 'STARTED', 'NOTE'], (run) => [
      run.id,
      run.pipeline,
      run.status,
      `${run.progress.chunksDone}/${run.progress.chunksTotal ?? '?'}`,
      ago(run.startedAt),
      run.error?.message ?? (run.waiting === null ? '' : `waits for ${run.waiting}`),
    ]),
  'runs.get': (run: Run) => describeRun(run),
  'runs.logs': (lines: RunLog[], { colors }) => {
    const style = styleOf(colors)
    const paint = { info: 'dim', warn: 'yellow', error: 'red' } as const
    return lines.length === 0
      ? 'No lines.\n'
      : lines
          .map(
            ({ at, level, message }) =>
              `${style('dim', at)} ${style(paint[level], level.padEnd(5))} ${plain(message)}\n`,
          )
          .join('')
  },
  'search.code': searchResult,
}

export function render(operation: string, envelope: Envelope, look: Look): string {
  const renderer = RENDERERS[operation]
  if (renderer === undefined) return `${JSON.stringify(envelope.data, null, 2)}\n`
  const next = envelope.meta?.pagination.nextCursor
  const more = next === null || next === undefined ? '' : `\nThere is more: add --cursor ${next}\n`
  return renderer(envelope.data as never, look) + more
}

export function describeRun(run: Run): string {
  const { chunksDone, chunksTotal, chunksFailed } = run.progress
  const summary = Object.entries(run.summary ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? plain(value) : JSON.stringify(value)}`,
  )
  return fields({
    run: run.id,
    pipeline: run.pipeline,
    status: run.status,
    chunks: `${chunksDone} of ${chunksTotal ?? '?'}${chunksFailed > 0 ? `, ${chunksFailed} failed` : ''}`,
    started: run.startedAt,
    ended: run.endedAt,
    result: summary.join(', ') || null,
    error: run.error === null ? null : `${run.error.message} (${run.error.code})`,
    waiting: run.waiting,
  })
}

function started({ repository, run }: { repository: Repository; run: Run }): string {
  return `${plain(repository.name)} is being indexed by ${run.id}.\nFollow it: tenon runs watch ${run.id}\n`
}

function listOf<T>(
  items: readonly T[],
  { width, colors }: Look,
  empty: string,
  head: readonly string[],
  row: (item: T) => string[],
): string {
  return items.length === 0 ? `${empty}\n` : table(head, items.map(row), { width, style: styleOf(colors) })
}

function fields(values: object): string {
  const rows = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${plain(String(value))}\n`).join('')
}

function searchResult(
  { matches, total, truncated, tookMs }: { matches: SearchMatch[]; total: number; truncated: boolean; tookMs: number },
  { colors }: Look,
): string {
  const style = styleOf(colors)
  if (matches.length === 0) return `Nothing found (${tookMs} ms). Is it indexed? tenon repos list\n`
  let text = ''
  let file = ''
  for (const match of matches) {
    const name = `${match.repository}/${match.path}`
    if (name !== file) text += `${file === '' ? '' : '\n'}${style('bold', plain(name))}\n`
    file = name
    text += `${style('dim', String(match.line).padStart(6))}  ${highlight(match, style)}\n`
  }
  return `${text}\n${matches.length} of ${total}${truncated ? ' or more' : ''} lines, ${tookMs} ms\n`
}

function highlight({ snippet, ranges }: SearchMatch, style: Style): string {
  let at = 0
  let text = ''
  for (const { start, end } of ranges) {
    text += plain(snippet.slice(at, start)) + style('yellow', plain(snippet.slice(start, end)))
    at = end
  }
  return (text + plain(snippet.slice(at))).replace(/^\s+/, (space) => space.slice(0, 8))
}
