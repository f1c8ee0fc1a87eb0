import { extractFacts } from '../graph/extract/extract.ts'
import { dialectOf, type Facts } from '../graph/facts.ts'
import { applyDiff } from './apply-diff.ts'
import type { Compared, Comparison } from './comparison.ts'
import type { Hunk } from './diff.ts'
import { changeOfFile, touchedExports, type Version } from './touched-exports.ts'

type Read = (path: string) => string | null
interface Texts {
  readonly before: string | null
  readonly after: string | null
}

const ALL: ReadonlySet<string> = new Set(['*'])
const NONE: ReadonlySet<string> = new Set()
const WHOLE: Compared = { symbols: [], names: ALL, typeNames: NONE, applies: true, incomplete: false }

/** Synchronous work, meant for a thread. `read` gives the indexed text at a path, null when there is none. */
export function compareFiles(files: readonly Comparison[], read: Read): readonly Compared[] {
  return files.map((file) => {
    if (file.texts.kind === 'symbols') return namedSymbols(file.after ?? '', file.texts.names, read)
    const texts = textsOf(file, read)
    if (texts === null) return { ...WHOLE, applies: false }
    const before = versionOf(file.before, texts.before)
    const after = versionOf(file.after, texts.after)
    // Without a graph, all of the file has changed for those who import it.
    if (before === null && after === null) return WHOLE
    const incomplete = before?.facts.incomplete === true || after?.facts.incomplete === true
    return { ...changeOfFile(before, after), applies: true, incomplete }
  })
}

function versionOf(path: string | null, text: string | null): Version | null {
  const dialect = path === null ? null : dialectOf(path)
  return dialect === null || text === null ? null : { facts: extractFacts(text, dialect) }
}

/** A member stands for its class. */
function namedSymbols(path: string, names: readonly string[], read: Read): Compared {
  const version = versionOf(path, read(path))
  if (version === null) return { ...WHOLE, applies: false }
  const { facts } = version
  const wanted = facts.symbols.filter(({ name }) => names.includes(name))
  const locals = (which: (facts: Facts['symbols'][number]) => boolean): Set<string> =>
    new Set(wanted.filter(which).map(({ name }) => ownerOf(name)))
  const isType = ({ name }: { name: string }): boolean =>
    facts.symbols.every((one) => one.name !== ownerOf(name) || one.kind === 'interface' || one.kind === 'type')
  return {
    symbols: wanted.map(({ name, kind, line, signature }) => ({
      name,
      kind,
      line,
      change: 'named',
      exported: facts.symbols.some((one) => one.name === ownerOf(name) && one.exportedAs.length > 0),
      before: signature,
      after: null,
    })),
    names: touchedExports(
      facts,
      locals((one) => !isType(one)),
      false,
    ),
    typeNames: touchedExports(facts, locals(isType), false),
    applies: true,
    incomplete: facts.incomplete,
  }
}

function ownerOf(name: string): string {
  const dot = name.indexOf('.')
  return dot <= 0 ? name : name.slice(0, dot)
}

/** null when neither side is what is indexed. */
function textsOf({ before, after, texts }: Comparison, read: Read): Texts | null {
  if (texts.kind === 'symbols') return null
  if (texts.kind === 'given') return texts
  const sides = texts.first === 'before' ? [forward, backward] : [backward, forward]
  for (const side of sides) {
    const found = side({ before, after }, texts.hunks, read)
    if (found !== null) return found
  }
  return null
}

type Side = (paths: Texts, hunks: readonly Hunk[], read: Read) => Texts | null

/** The indexed commit is the one before the change. */
const forward: Side = ({ before, after }, hunks, read) => {
  const text = before === null ? '' : read(before)
  if (text === null || (before === null && after !== null && read(after) !== null)) return null
  const made = applyDiff(text, hunks, 'forward')
  if (made === null) return null
  return { before: before === null ? null : text, after: after === null ? null : made }
}

/** The indexed commit is the one after it. */
const backward: Side = ({ before, after }, hunks, read) => {
  const text = after === null ? '' : read(after)
  if (text === null || (after === null && before !== null && read(before) !== null)) return null
  const made = applyDiff(text, hunks, 'backward')
  if (made === null) return null
  return { before: before === null ? null : made, after: after === null ? null : text }
}
