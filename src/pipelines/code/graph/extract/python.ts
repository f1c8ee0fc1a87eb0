import { type Facts, lazyModule, noFacts, unreadModule } from '../facts.ts'
import { entryPointsOf } from './python/entry-points.ts'
import { importsOf } from './python/imports.ts'
import { moduleCodeOf } from './python/module-code.ts'
import { parsePython } from './python/parse.ts'
import { PythonScopes } from './python/scopes.ts'
import { PythonSymbols } from './python/symbols.ts'

export function extractPython(text: string): Facts {
  try {
    return factsOf(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch (error) {
    // The parser recurses where nodes are nested thousands of levels deep.
    if (error instanceof RangeError) return noFacts(text, true)
    throw error
  }
}

function factsOf(text: string): Facts {
  const { tree, incomplete } = parsePython(text)
  const scopes = new PythonScopes(tree)
  const symbols = new PythonSymbols(tree, scopes)
  const imports = importsOf(tree)
  const known = new Set(symbols.names)
  for (const { names } of imports) for (const { local } of names) if (local !== null) known.add(local)
  const moduleUses = new Set<string>()
  scopes.eachUse(known, (name, node) => {
    const definition = symbols.definitionAt(node)
    if (definition === null) moduleUses.add(name)
    else symbols.use(definition, name)
  })
  return {
    symbols: symbols.facts(),
    imports,
    entryPoints: entryPointsOf(tree, (node) => symbols.symbolAt(node)),
    moduleUses: [...moduleUses],
    module: incomplete ? unreadModule(text) : lazyModule(() => moduleCodeOf(tree, symbols.definitions)),
    incomplete,
  }
}
