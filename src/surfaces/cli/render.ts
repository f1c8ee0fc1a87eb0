import type { Repository, SearchMatch } from '../../contract/code.ts'
import type { Envelope } from '../../contract/operation.ts'
import type { Run, RunLog } from '../../contract/runs.ts'
import { renderAudit } from './render-audit.ts'
import { renderKeys, renderMe, renderNewKey, renderRevokedKey, renderRotatedKey } from './render-identity.ts'
import { renderLimits } from './render-limits.ts'
import { ago, fields, listOf, plain, size, styleOf, type Look, type Style } from './text.ts'

type Render = (data: never, look: Look) => string

/** What a person sees of each operation's answer; what has no entry is shown as JSON. */
const RENDERERS: Readonly<Record<string, Render>> = {
  'me.get': renderMe,
  'apiKeys.create': renderNewKey,
  'apiKeys.rotate': renderRotatedKey,
  'apiKeys.revoke': renderRevokedKey,
  'apiKeys.revokeSelf': renderRevokedKey,
  'apiKeys.list': renderKeys,
  'limits.get': renderLimits,
  'audit.list': renderAudit,
  'repositories.add': started,
  'repositories.reindex': started,
  'repositories.delete': ({ name }: { name: string }) => `Deleted ${plain(name)}.\n`,
  'repositories.get': (repository: Repository, { width }) =>
    fields({ ...repository, sizeBytes: size(repository.sizeBytes) }, width),
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
  'runs.get': describeRun,
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

function describeRun(run: Run, { width }: Look): string {
  const { chunksDone, chunksTotal, chunksFailed } = run.progress
  const summary = Object.entries(run.summary ?? {}).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? plain(value) : JSON.stringify(value)}`,
  )
  return fields(
    {
      run: run.id,
      pipeline: run.pipeline,
      status: run.status,
      chunks: `${chunksDone} of ${chunksTotal ?? '?'}${chunksFailed > 0 ? `, ${chunksFailed} failed` : ''}`,
      started: run.startedAt,
      ended: run.endedAt,
      result: summary.join(', ') || null,
      error: run.error === null ? null : `${run.error.message} (${run.error.code})`,
      waiting: run.waiting,
    },
    width,
  )
}

function started({ repository, run }: { repository: Repository; run: Run }): string {
  return `${plain(repository.name)} is being indexed by ${run.id}.\nFollow it: tenon runs watch ${run.id}\n`
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
