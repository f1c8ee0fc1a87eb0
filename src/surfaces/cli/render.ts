import type { Repository } from '../../contract/code.ts'
import type { SearchMatch } from '../../contract/search.ts'
import type { Envelope } from '../../contract/operation.ts'
import type { Run } from '../../contract/runs.ts'
import { renderAudit } from './render-audit.ts'
import { renderKeys, renderMe, renderNewKey, renderRevokedKey, renderRotatedKey } from './render-identity.ts'
import { renderLimits } from './render-limits.ts'
import { RUN_RENDERERS } from './render-runs.ts'
import { SCHEDULE_RENDERERS } from './render-schedules.ts'
import { ago, fields, listOf, plain, size, styleOf, type Look, type Renderers, type Style } from './text.ts'

/** What a person sees of each operation's answer; what has no entry is shown as JSON. */
const RENDERERS: Renderers = {
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
  ...RUN_RENDERERS,
  ...SCHEDULE_RENDERERS,
  'search.code': searchResult,
}

export function render(operation: string, envelope: Envelope, look: Look): string {
  const renderer = RENDERERS[operation]
  if (renderer === undefined) return `${JSON.stringify(envelope.data, null, 2)}\n`
  const next = envelope.meta?.pagination.nextCursor
  const more = next === null || next === undefined ? '' : `\nThere is more: add --cursor ${next}\n`
  return renderer(envelope.data as never, look) + more
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
