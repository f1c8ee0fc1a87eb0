import { IMPORT_KINDS, type ImportKind } from '../../src/pipelines/code/graph/facts.ts'

export interface TruthEdge {
  readonly src: string
  readonly dst: string
  readonly kind: ImportKind
  /** All imports of this kind from src to dst are erased before the code runs. */
  readonly typeOnly: boolean
}

export const UNRESOLVED_REASONS = ['external', 'builtin', 'not_found', 'undeclared', 'not_literal'] as const
export type UnresolvedReason = (typeof UNRESOLVED_REASONS)[number]

export interface TruthUnresolved {
  readonly src: string
  /** null, written `-`, when it is not a literal. */
  readonly specifier: string | null
  readonly reason: UnresolvedReason
}

export interface Truth {
  readonly edges: readonly TruthEdge[]
  readonly unresolved: readonly TruthUnresolved[]
}

/** Name of the entry with the edges. It is not a file of the repository. */
export const TRUTH = 'TRUTH'

/**
 * Files of an archive in Go's txtar format: a comment, then `-- path --` lines, each followed by the file's text, as it is
 * but for the last newline of the archive. A byte order mark and CRLF within a file stay.
 */
export function parseTxtar(text: string): Map<string, string> {
  const files = new Map<string, string>()
  let path: string | null = null
  let start = 0
  let at = 0
  const close = (): void => {
    if (path !== null) files.set(path, text.slice(start, at))
  }
  for (const line of text.split(/(?<=\n)/)) {
    const name = /^-- (\S.*?) --\n?$/.exec(line)?.[1]
    if (name !== undefined) {
      close()
      if (name === path || files.has(name)) throw new Error(`Twice in the archive: ${name}`)
      path = name
      start = at + line.length
    }
    at += line.length
  }
  close()
  if (path === null) throw new Error('An archive without files')
  return files
}

/** Lines `src -> dst kind[ type]` and `src !! specifier reason`; blank lines and those that begin with # say nothing. */
export function parseTruth(text: string): Truth {
  const edges: TruthEdge[] = []
  const unresolved: TruthUnresolved[] = []
  const seen = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue
    const fail = (why: string): Error => new Error(`TRUTH line ${index + 1}: ${why}: ${line}`)
    const [src = '', sign = '', target = '', label = '', ...rest] = line.split(' ')
    if ([src, sign, target, label, ...rest].includes('')) throw fail('expected four words with one blank between them')
    const key = `${src} ${sign} ${target} ${label}`
    if (seen.has(key)) throw fail('listed twice')
    seen.add(key)
    if (sign === '->') edges.push({ src, dst: target, kind: kindOf(label, fail), typeOnly: isType(rest, fail) })
    else if (sign === '!!') unresolved.push(unresolvedOf(src, target, label, rest, fail))
    else throw fail('expected -> or !! after the path')
  }
  return { edges, unresolved }
}

type Fail = (why: string) => Error

function kindOf(label: string, fail: Fail): ImportKind {
  const kind = IMPORT_KINDS.find((known) => known === label)
  if (kind === undefined) throw fail(`unknown kind ${label}`)
  return kind
}

function isType(rest: readonly string[], fail: Fail): boolean {
  if (rest.length > 1 || (rest.length === 1 && rest[0] !== 'type')) throw fail('only `type` may follow the kind')
  return rest.length === 1
}

function unresolvedOf(
  src: string,
  specifier: string,
  label: string,
  rest: readonly string[],
  fail: Fail,
): TruthUnresolved {
  const reason = UNRESOLVED_REASONS.find((known) => known === label)
  if (reason === undefined) throw fail(`unknown reason ${label}`)
  if (rest.length > 0) throw fail('nothing may follow the reason')
  if ((specifier === '-') !== (reason === 'not_literal'))
    throw fail('- stands for what is not a literal, and only there')
  return { src, specifier: specifier === '-' ? null : specifier, reason }
}
