import type { Repository } from '../../contract/code.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Run } from '../../contract/runs.ts'
import type { getFile, RecentFile, searchCode, SearchMatch } from '../../contract/search.ts'
import { listOf } from './table.ts'
import { ago, fields, plain, size, styleOf, type Look, type Renderers, type Style } from './text.ts'

/** Repositories and what is found in them. */
export const CODE_RENDERERS: Renderers = {
  'repositories.add': started,
  'repositories.reindex': started,
  'repositories.delete': ({ name }: { name: string }) => `Deleted ${plain(name)}.\n`,
  'repositories.get': describeRepository,
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
  'repositories.file': file,
  'repositories.recentFiles': (files: RecentFile[], look) =>
    listOf(
      files,
      look,
      'No change is known. Is it indexed? tenon repos list',
      ['CHANGED', 'COMMIT', 'LINES', 'PATH'],
      (f) => [ago(f.changedAt), f.commit.slice(0, 10), String(f.lines), f.path],
    ),
  'search.code': searchResult,
}

function describeRepository(repository: Repository, { width }: Look): string {
  const { id, name, source, ref, status, indexedCommit, indexedAt, files, sizeBytes, hasToken, latestRun } = repository
  return fields(
    {
      repository: id,
      name,
      source,
      ref,
      token: hasToken ? 'kept' : null,
      status,
      commit: indexedCommit,
      indexed: indexedAt === null ? null : `${ago(indexedAt)} (${indexedAt})`,
      holds: indexedCommit === null ? null : `${files} ${files === 1 ? 'file' : 'files'}, ${size(sizeBytes)}`,
      'last run': latestRun,
      added: repository.createdAt,
    },
    width,
  )
}

function started({ repository, run }: { repository: Repository; run: Run }): string {
  return `${plain(repository.name)} is being indexed by ${run.id}.\nFollow it: tenon runs watch ${run.id}\n`
}

function searchResult(
  { matches, total, truncated, unsearched, tookMs }: DataOf<typeof searchCode>,
  look: Look,
): string {
  const style = styleOf(look.colors)
  const missing =
    unsearched.length === 0 ? '' : `Not searched, the index is built again: ${unsearched.map(plain).join(', ')}\n`
  if (matches.length === 0) {
    const hint = truncated ? 'so far' : 'Is it indexed? tenon repos list'
    return `Nothing found (${tookMs} ms). ${hint}\n${missing}`
  }
  let text = ''
  let last = ''
  for (const match of matches) {
    const name = `${match.repository}/${match.path}`
    if (name !== last) text += `${last === '' ? '' : '\n'}${style('bold', plain(name))}\n`
    last = name
    const symbol = match.symbol === undefined ? '' : style('dim', `  ${match.symbol.kind} ${plain(match.symbol.name)}`)
    text += `${style('dim', String(match.line).padStart(6))}  ${highlight(match, style)}${symbol}\n`
  }
  return `${text}\n${matches.length} of ${total}${truncated ? ' or more' : ''} lines, ${tookMs} ms\n${missing}`
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

/** As `cat -n` shows it; the facts stand below, out of the way of the text. */
function file(data: DataOf<typeof getFile>, { colors }: Look): string {
  const style = styleOf(colors)
  const lines = data.text.replace(/\n$/, '').split('\n')
  const digits = String(data.to).length
  const numbered =
    data.to < data.from
      ? []
      : lines.map(
          (line, i) => `${style('dim', String(data.from + i).padStart(digits))}  ${plain(line.replace(/\r$/, ''))}\n`,
        )
  const masked =
    data.maskedSecrets === 0 ? '' : `, ${data.maskedSecrets} ${data.maskedSecrets === 1 ? 'secret' : 'secrets'} masked`
  const shown = data.to < data.from ? 'no lines' : `lines ${data.from} to ${data.to}`
  const about = `${plain(data.repository)} at ${data.commit.slice(0, 10)}: ${shown} of ${data.totalLines}, ${size(data.sizeBytes)}${masked}`
  return `${numbered.join('')}${style('dim', about)}\n`
}
