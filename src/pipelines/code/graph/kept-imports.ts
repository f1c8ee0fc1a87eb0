import type { Facts, ImportFact } from './facts.ts'
import { usesOfImports, type ImportUses } from './reach/uses-of-imports.ts'

/** An import as it is kept: with what of the importing file is affected by it. */
export interface KeptImport extends ImportFact {
  readonly uses: ImportUses
}

/** A part of a specifier would mean another module. */
const MAX_SPECIFIER = 1_000
/** Of all imports of a file together; an import counts as one even without names. */
const MAX_NAMES = 50_000
/** Of the JSON of all, in UTF-16 units. */
const MAX_TEXT = 2_000_000
/** Brackets of the list of all. */
const BRACKETS = 2

/**
 * The imports of a file within bounds. One with too many names becomes one of the whole module, which is felt everywhere;
 * what then still is too much is left out. Either makes the file incomplete: `isCut`.
 */
export function keptImports(facts: Facts): { readonly imports: readonly KeptImport[]; readonly isCut: boolean } {
  const named = withinNames(facts.imports)
  const uses = usesOfImports({ ...facts, imports: named })
  const imports: KeptImport[] = []
  let isCut = named.length < facts.imports.length
  let left = MAX_TEXT - BRACKETS
  for (const found of named) {
    const isWhole = found.names === WHOLE
    isCut ||= isWhole
    const kept: KeptImport = { ...found, uses: isWhole ? EVERYWHERE : (uses.get(found) ?? {}) }
    const within = [kept, { ...wholeModule(found), uses: EVERYWHERE }].find((one) => fits(one, left))
    isCut ||= within !== kept
    if (within === undefined) break
    imports.push(within)
    left -= sizeOf(within)
  }
  return { imports, isCut }
}

const EVERYWHERE: ImportUses = { '*': ['*'] }
/** By identity: what is written so is whole already, and keeps where it is felt. */
const WHOLE: ImportFact['names'] = [{ imported: '*', local: null, exportedAs: null }]

/** Of a re-export too: names that were left out may be exported by other ones. */
function wholeModule(found: ImportFact): ImportFact {
  return { ...found, kind: found.kind === 're-export' ? 'import' : found.kind, names: WHOLE }
}

function withinNames(imports: readonly ImportFact[]): ImportFact[] {
  const within: ImportFact[] = []
  let left = MAX_NAMES
  for (const found of imports) {
    if (left === 0) break
    const { specifier, names } = found
    const isLong = specifier !== null && specifier.length > MAX_SPECIFIER
    const literal = isLong ? { ...found, specifier: null } : found
    const isWithin = names.length <= left
    within.push(isWithin ? literal : wholeModule(literal))
    left -= isWithin ? Math.max(1, names.length) : 1
  }
  return within
}

function fits(kept: KeptImport, left: number): boolean {
  let atLeast = 0
  for (const { imported, local } of kept.names) atLeast += imported.length + (local?.length ?? 0)
  for (const names of Object.values(kept.uses)) for (const name of names) atLeast += name.length
  // What is far too long is no text that could be made.
  return atLeast < left && sizeOf(kept) <= left
}

/** With the comma after it. */
function sizeOf(kept: KeptImport): number {
  return JSON.stringify(kept).length + 1
}
