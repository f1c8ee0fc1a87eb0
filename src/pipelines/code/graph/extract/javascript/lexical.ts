import type { ImportFact, ImportKind } from '../../facts.ts'
import type { JavaScriptSource, Span } from './source.ts'

const SPECIFIER = String.raw`\s{0,20}(?:'([^'\n]*)'|"([^"\n]*)")`
const CLAUSE = String.raw`[\w$\s{},*]{0,2000}?`

const FORMS: readonly (readonly [kind: ImportKind, pattern: RegExp])[] = [
  ['import', new RegExp(String.raw`^[ \t]*import\b(\s+type\b)?${CLAUSE}(?:\bfrom\b)?${SPECIFIER}`, 'gm')],
  ['re-export', new RegExp(String.raw`^[ \t]*export\b(\s+type\b)?\s*[{*]${CLAUSE}\bfrom\b${SPECIFIER}`, 'gm')],
  ['dynamic', new RegExp(String.raw`\bimport()\(${SPECIFIER}`, 'g')],
  ['require', new RegExp(String.raw`\brequire()\(${SPECIFIER}`, 'g')],
]

/** Imports in a part that could not be parsed: what they import is unknown, so that it is everything. */
export function scanImports(source: JavaScriptSource, span: Span): ImportFact[] {
  const found: ImportFact[] = []
  for (const [kind, pattern] of FORMS) {
    for (const match of source.text.slice(span.start, span.end).matchAll(pattern)) {
      found.push({
        specifier: match[2] ?? match[3] ?? '',
        kind,
        typeOnly: match[1] !== undefined && match[1] !== '',
        line: source.lineAt(span.start + match.index),
        names: [{ imported: '*', local: null, exportedAs: kind === 're-export' ? '*' : null }],
      })
    }
  }
  return found.toSorted((a, b) => a.line - b.line)
}
