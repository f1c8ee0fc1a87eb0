import type { Repository } from '../../contract/code.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Run } from '../../contract/runs.ts'
import type { getFile, RecentFile, searchCode, SearchMatch } from '../../contract/search.ts'
import { count } from './sections.ts'
import { listOf } from './table.ts'
import { columnsOf, cut } from './text-width.ts'
import { ago, fields, plain, size, styleOf, when, type Look, type Renderers, type Style } from './text.ts'

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
        r.indexedCommit === null ? '–' : String(r.files),
        r.indexedCommit === null ? '–' : size(r.sizeBytes),
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

function describeRepository(repository: Repository, look: Look): string {
  const { id, name, source, ref, status, indexedCommit, indexedAt, files, sizeBytes, hasToken, latestRun } = repository
  const facts = fields(
    {
      repository: id,
      name,
      source,
      ref,
      token: hasToken ? 'kept' : null,
      status,
      commit: indexedCommit,
      indexed: when(indexedAt),
      holds: indexedCommit === null ? null : `${count(files, 'file')}, ${size(sizeBytes)}`,
      'last run': latestRun,
      added: when(repository.createdAt),
    },
    look.width,
  )
  if (latestRun === null) return facts
  if (status === 'failed') return `${facts}See why: tenon runs show ${latestRun}\n`
  return status === 'indexing' ? `${facts}Follow it: tenon runs watch ${latestRun}\n` : facts
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
    const about = match.symbol === undefined ? '' : `  ${match.symbol.kind} ${plain(match.symbol.name)}`
    const shown = windowOf(match, Math.max(LEAST_SNIPPET, look.width - NUMBER_COLUMNS - columnsOf(about)))
    text += `${style('dim', String(match.line).padStart(6))}  ${highlight(shown, style)}${style('dim', about)}\n`
  }
  const lines =
    truncated || total > matches.length
      ? `${matches.length} of ${total}${truncated ? ' or more' : ''} lines`
      : count(total, 'line')
  return `${text}\n${lines}, ${tookMs} ms\n${missing}`
}

/** The number of a line, and what stands before its text. */
const NUMBER_COLUMNS = 8
const LEAST_SNIPPET = 20

type Snippet = Pick<SearchMatch, 'snippet' | 'ranges'>

/** As much of a long line as there is room for, with the first find in it. */
function windowOf({ snippet, ranges }: Snippet, room: number): Snippet {
  const text = snippet.replace(/^\s+/, (space) => space.slice(0, 8))
  const cutOff = snippet.length - text.length
  const moved = ranges.map(({ start, end }) => ({ start: start - cutOff, end: end - cutOff }))
  if (columnsOf(plain(text)) <= room) return { snippet: text, ranges: moved }
  const first = moved[0] ?? { start: 0, end: 0 }
  const from = first.end < room ? 0 : Math.max(0, first.start - Math.floor(room / 3))
  const before = from === 0 ? '' : '…'
  const kept = cut(`${before}${plain(text.slice(from))}`, room)
  return {
    snippet: kept,
    ranges: moved.flatMap(({ start, end }) => {
      const [begin, close] = [start, end].map((at) => Math.min(kept.length, at - from + before.length))
      return begin === undefined || close === undefined || start < from || begin >= close
        ? []
        : [{ start: begin, end: close }]
    }),
  }
}

function highlight({ snippet, ranges }: Snippet, style: Style): string {
  let at = 0
  let text = ''
  for (const { start, end } of ranges) {
    text += plain(snippet.slice(at, start)) + style('yellow', plain(snippet.slice(start, end)))
    at = end
  }
  return text + plain(snippet.slice(at))
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
  const masked = data.maskedSecrets === 0 ? '' : `, ${count(data.maskedSecrets, 'secret')} masked`
  const shown = data.to < data.from ? 'no lines' : `lines ${data.from} to ${data.to}`
  const about = `${plain(data.repository)} at ${data.commit.slice(0, 10)}: ${shown} of ${data.totalLines}, ${size(data.sizeBytes)}${masked}`
  return `${numbered.join('')}${style('dim', about)}\n`
}
