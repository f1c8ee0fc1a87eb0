import { DiffError } from './diff-error.ts'
import { insidePath, nameOf, namesOfGitHeader, withoutPrefixes, type Names, type Paths } from './diff-paths.ts'

/** What a unified diff does to one file. */
export interface FileDiff {
  /** Path of the text that the hunks apply to; null for a file that is added. */
  readonly before: string | null
  /** null for a file that is deleted. */
  readonly after: string | null
  readonly change: 'added' | 'modified' | 'deleted' | 'renamed' | 'copied'
  readonly entry: 'file' | 'symlink' | 'submodule'
  readonly binary: boolean
  /** Ids of the blobs as the diff has them, abbreviated mostly; null when it has none, or there is no such side. */
  readonly beforeId: string | null
  readonly afterId: string | null
  /** None for binary files, submodules, and when only the mode or the name has changed. */
  readonly hunks: readonly Hunk[]
  /** Where it begins in the diff, from 1. */
  readonly line: number
}

export interface Hunk {
  /** As written: from 1, but the line before when the side is empty. */
  readonly oldStart: number
  readonly newStart: number
  /** Each with ` `, `-` or `+` before it and without its line feed; a carriage return is part of the text. */
  readonly lines: readonly string[]
  /** The last line of the side has no line feed. */
  readonly oldEndsOpen: boolean
  readonly newEndsOpen: boolean
}

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/
const COMBINED = ['diff --cc ', 'diff --combined ', '@@@ -']
const SUBMODULE_MODE = '160000'
const SYMLINK_MODE = '120000'

/**
 * Reads a unified diff, as git or GNU diff print it, in linear time. What stands between files, such as the message of a
 * commit, is skipped.
 *
 * @throws DiffError when it is malformed, names no file, names one twice, or leads out of the repository.
 */
export function parseDiff(text: string): readonly FileDiff[] {
  const reader = new LineReader(text)
  const files: FileDiff[] = []
  let draft: Draft | null = null
  for (let line = reader.next(); line !== null; line = reader.next()) {
    if (line === '') continue
    if (COMBINED.some((start) => line.startsWith(start)))
      throw new DiffError(reader.line, 'A combined diff of a merge has several sides before it: send one against one')
    const plain: boolean = line.startsWith('--- ') && reader.at('+++ ') && (!draft?.git || draft.names !== null)
    if (plain || line.startsWith('diff --git ')) {
      if (draft !== null) files.push(finish(draft))
      draft = begin(reader.line, plain ? null : headerText(line, 'diff --git '))
    }
    if (line.startsWith('@@') && draft !== null) draft.hunks.push(readHunk(reader, line, draft))
    else if (line.startsWith('@@ -') && HUNK.test(line))
      throw new DiffError(reader.line, 'A hunk stands before the name of its file')
    else if (draft !== null && draft.hunks.length === 0) readHeader(reader, line, draft)
  }
  if (draft !== null) files.push(finish(draft))
  if (files.length === 0) throw new DiffError(1, 'There is no file in it: this is not a unified diff')
  rejectTwice(files)
  return files
}

interface Draft {
  readonly line: number
  readonly git: string | null
  names: Names | null
  from: string | null
  to: string | null
  change: FileDiff['change'] | null
  mode: string | null
  binary: boolean
  ids: readonly [string, string] | null
  readonly hunks: Hunk[]
}

function begin(line: number, git: string | null): Draft {
  return {
    line,
    git,
    names: null,
    from: null,
    to: null,
    change: null,
    mode: null,
    binary: false,
    ids: null,
    hunks: [],
  }
}

class LineReader {
  /** Of the line that was read last, from 1. */
  line = 0
  readonly #text: string
  #next = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): string | null {
    if (this.#next >= this.#text.length) return null
    const end = this.#text.indexOf('\n', this.#next)
    const line = this.#text.slice(this.#next, end < 0 ? undefined : end)
    this.#next = end < 0 ? this.#text.length : end + 1
    this.line++
    return line
  }

  /** Whether the next line begins with it. */
  at(start: string): boolean {
    return this.#text.startsWith(start, this.#next)
  }
}

/** Lines of headers may end with a carriage return when the diff came through Windows. */
function headerText(line: string, start: string): string {
  return line.slice(start.length, line.endsWith('\r') ? -1 : undefined)
}

type HeaderField = (draft: Draft, text: string, line: number) => void

const HEADER_FIELDS: readonly (readonly [string, HeaderField])[] = [
  ['new file mode ', (draft, text) => Object.assign(draft, { change: 'added', mode: text })],
  ['deleted file mode ', (draft, text) => Object.assign(draft, { change: 'deleted', mode: text })],
  ['new mode ', (draft, text) => Object.assign(draft, { mode: text })],
  ['rename from ', (draft, text, line) => Object.assign(draft, { change: 'renamed', from: nameOf(text, line) })],
  ['rename to ', (draft, text, line) => Object.assign(draft, { to: nameOf(text, line) })],
  ['copy from ', (draft, text, line) => Object.assign(draft, { change: 'copied', from: nameOf(text, line) })],
  ['copy to ', (draft, text, line) => Object.assign(draft, { to: nameOf(text, line) })],
  ['Binary files ', (draft) => Object.assign(draft, { binary: true })],
  ['GIT binary patch', (draft) => Object.assign(draft, { binary: true })],
  ['index ', readIndexLine],
]

function readHeader(reader: LineReader, line: string, draft: Draft): void {
  if (draft.names === null && line.startsWith('--- ')) {
    const old = nameOf(headerText(line, '--- '), reader.line)
    const second = reader.at('+++ ') ? reader.next() : null
    if (second === null) throw new DiffError(reader.line, 'Behind `---` there is no `+++`')
    draft.names = { old, new: nameOf(headerText(second, '+++ '), reader.line) }
    return
  }
  if (line.startsWith('+++ ')) throw new DiffError(reader.line, 'Before `+++` there is no `---`')
  if (draft.git === null) return
  const field = HEADER_FIELDS.find(([start]) => line.startsWith(start))
  field?.[1](draft, headerText(line, field[0]), reader.line)
}

function readIndexLine(draft: Draft, text: string): void {
  const [, before, after, mode] = /^([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: (\d{6}))?$/.exec(text) ?? []
  if (before === undefined || after === undefined) return
  draft.ids = [before, after]
  draft.mode = mode ?? draft.mode
}

function readHunk(reader: LineReader, header: string, draft: Draft): Hunk {
  const [, oldStart = '', oldCount = '1', newStart = '', newCount = '1'] = HUNK.exec(header) ?? []
  if (newStart === '') throw new DiffError(reader.line, 'This is no header of a hunk: it is `@@ -1,2 +1,2 @@`')
  if (draft.names === null) throw new DiffError(reader.line, 'The hunk has no `---` and `+++` before it')
  const left = { old: Number(oldCount), new: Number(newCount) }
  const ends = { old: false, new: false }
  const lines: string[] = []
  if (left.old + left.new === 0) throw new DiffError(reader.line, 'The hunk is empty')
  while (left.old > 0 || left.new > 0 || reader.at('\\')) {
    const line = reader.next()
    if (line === null) throw new DiffError(reader.line, 'The hunk ends before it has as many lines as its header says')
    if (line.startsWith('\\')) markOpen(lines.at(-1), ends)
    else lines.push(contentLine(line, left, reader.line))
    if (left.old < 0 || left.new < 0) throw tooLong(reader.line)
  }
  const next = ['+', '-', ' '].some((mark) => reader.at(mark))
  if (next && !reader.at('--- ') && !['-- \n', '-- \r', '--\n', '--\r'].some((signature) => reader.at(signature)))
    throw tooLong(reader.line + 1)
  return {
    oldStart: Number(oldStart),
    newStart: Number(newStart),
    lines,
    oldEndsOpen: ends.old,
    newEndsOpen: ends.new,
  }
}

function contentLine(line: string, left: { old: number; new: number }, at: number): string {
  // Editors and mailers take the blank off an empty line of context.
  const content = line === '' || line === '\r' ? ` ${line}` : line
  const mark = content[0]
  if (mark !== ' ' && mark !== '-' && mark !== '+')
    throw new DiffError(at, 'A line of a hunk begins with a blank, `-` or `+`')
  if (mark !== '+') left.old--
  if (mark !== '-') left.new--
  return content
}

function markOpen(line: string | undefined, ends: { old: boolean; new: boolean }): void {
  if (line === undefined) return
  if (!line.startsWith('+')) ends.old = true
  if (!line.startsWith('-')) ends.new = true
}

function tooLong(line: number): DiffError {
  return new DiffError(line, 'The hunk has more lines than its header says')
}

function finish(draft: Draft): FileDiff {
  const { line, hunks, names, binary } = draft
  if (names !== null && hunks.length === 0 && !binary) throw new DiffError(line, 'The file has no hunks')
  const paths = pathsOf(draft)
  const before = paths.before === null ? null : insidePath(paths.before, line)
  const after = paths.after === null ? null : insidePath(paths.after, line)
  const change = draft.change ?? changeOf(before, after)
  const [hasBefore, hasAfter] = [change !== 'added', change !== 'deleted']
  if (!hasBefore && hunks.some((hunk) => hunk.lines.some((one) => !one.startsWith('+'))))
    throw new DiffError(line, 'The file is added, but has lines before')
  if (!hasAfter && hunks.some((hunk) => hunk.lines.some((one) => !one.startsWith('-'))))
    throw new DiffError(line, 'The file is deleted, but has lines after')
  const entry = draft.mode === SUBMODULE_MODE ? 'submodule' : draft.mode === SYMLINK_MODE ? 'symlink' : 'file'
  return {
    before: hasBefore ? before : null,
    after: hasAfter ? after : null,
    change,
    entry,
    binary,
    beforeId: hasBefore ? (draft.ids?.[0] ?? null) : null,
    afterId: hasAfter ? (draft.ids?.[1] ?? null) : null,
    hunks: binary || entry === 'submodule' ? [] : hunks,
    line,
  }
}

function pathsOf({ git, names, from, to, change, line }: Draft): Paths {
  if (from !== null && to !== null) return { before: from, after: to }
  const header = git === null ? null : namesOfGitHeader(git, line)
  if (header === null && names === null) throw new DiffError(line, 'The names of the file can not be told apart')
  const paths = withoutPrefixes(header ?? names ?? { old: null, new: null }, line)
  if (header === null || names === null) return paths
  if (names.old === null && names.new === null) throw new DiffError(line, 'Both sides are /dev/null')
  for (const [name, path] of [
    [names.old, paths.before],
    [names.new, paths.after],
  ])
    if (name && path && !name.endsWith(path))
      throw new DiffError(line, 'The file has another name in `diff --git` than in `---` and `+++`')
  if (change !== null) return paths
  return { before: names.old === null ? null : paths.before, after: names.new === null ? null : paths.after }
}

function changeOf(before: string | null, after: string | null): FileDiff['change'] {
  if (before === null) return 'added'
  if (after === null) return 'deleted'
  return before === after ? 'modified' : 'renamed'
}

/** Diffs of several commits one after the other have no one text before and after. */
function rejectTwice(files: readonly FileDiff[]): void {
  const seen = new Set<string>()
  for (const { before, after, change, line } of files) {
    const sides = [change === 'copied' ? null : before && `-${before}`, after && `+${after}`]
    for (const side of sides) {
      if (!side) continue
      if (seen.has(side)) throw new DiffError(line, 'The file is in it twice: send one diff from first to last')
      seen.add(side)
    }
  }
}
