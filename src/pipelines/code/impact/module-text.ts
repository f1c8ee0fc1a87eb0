import type { Facts, ImportFact } from '../graph/facts.ts'

interface Module {
  readonly text: string
  readonly facts: Facts
}

/**
 * Whether what runs when a module is loaded differs: statements outside top-level symbols. Changes of imports are told by
 * what they bind, and comments do not run.
 */
export function isModuleChanged(before: Module, after: Module): boolean {
  return moduleTextOf(before) !== moduleTextOf(after)
}

/** Lines outside top-level symbols and imports, without blanks and lines of comment. */
function moduleTextOf({ text, facts }: Module): string {
  const lines = text.split('\n')
  const outside = new Uint8Array(lines.length + 2).fill(1)
  for (const { startLine, endLine } of facts.symbols) outside.fill(0, startLine, endLine + 1)
  for (const found of facts.imports) {
    const [start, end] = statementAt(lines, found)
    outside.fill(0, start, end + 1)
  }
  blankExportLists(lines, outside)
  return lines
    .filter((_, i) => outside[i + 1] === 1)
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '' && !/^(?:\/\/|\/\*|\*|#)/.test(line))
    .join('\n')
}

/** `export { a, b }` runs nothing, and what it exports is told by the symbols and imports. */
function blankExportLists(lines: readonly string[], outside: Uint8Array): void {
  let isInside = false
  for (const [i, line] of lines.entries()) {
    if (outside[i + 1] === 0) continue
    isInside ||= /^\s*export\s+(?:type\s+)?\{/.test(line)
    if (isInside) outside[i + 1] = 0
    if (line.includes('}')) isInside = false
  }
}

const STATEMENTS: ReadonlyMap<ImportFact['kind'], RegExp> = new Map([
  ['import', /^\s*(?:import|export|from)\b/],
  ['re-export', /^\s*export\b/],
  ['require', /^\s*(?:const|let|var)\b/],
])

/** Longest import statement, in lines. */
const MAX_STATEMENT = 500

/** First and last line of the import statement around a line; an empty range when it is none of its own. */
function statementAt(lines: readonly string[], { kind, line, specifier }: ImportFact): readonly [number, number] {
  const begins = STATEMENTS.get(kind)
  if (begins === undefined) return [line, line - 1]
  const least = Math.max(1, line - MAX_STATEMENT)
  let start = line
  while (start >= least && !begins.test(lines[start - 1] ?? '')) start--
  if (start < least) return [line, line - 1]
  const most = Math.min(lines.length, line + MAX_STATEMENT)
  let end = line
  const open = /^\s*from\b[^#]*\([^)#]*$/
  const python = /^\s*(?:from\b.*\bimport\b|import\s+[\w.]+(?:\s+as\s+\w+)?\s*(?:[,#;]|$))/.test(lines[start - 1] ?? '')
  if (python) {
    if (open.test(lines[start - 1] ?? '')) while (end < most && !(lines[end - 1] ?? '').includes(')')) end++
    return [start, end]
  }
  while (end < most && !(lines[end - 1] ?? '').includes(specifier ?? '')) end++
  return [start, end]
}
