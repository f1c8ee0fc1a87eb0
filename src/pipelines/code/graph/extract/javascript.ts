import type { Program } from 'oxc-parser'

import { type Facts, lazyModule, noFacts, unreadModule } from '../facts.ts'
import { DefinitionCollector } from './javascript/definitions.ts'
import { EntryPointCollector } from './javascript/entry-points.ts'
import { collectExports, declaredNames } from './javascript/exports.ts'
import { ImportCollector } from './javascript/imports.ts'
import { scanImports } from './javascript/lexical.ts'
import { MemberCollector } from './javascript/members.ts'
import { ModuleCode } from './javascript/module-code.ts'
import { type Parsed, parseJavaScript, type ScriptDialect, unparsed } from './javascript/parse.ts'
import { JavaScriptSource } from './javascript/source.ts'
import { SymbolCollector } from './javascript/symbols.ts'
import { Walk } from './javascript/walk.ts'

export function extractJavaScript(text: string, dialect: ScriptDialect): Facts {
  try {
    return factsOf(text, parseJavaScript(text, dialect))
  } catch {
    // A tree too deep to be walked.
    return factsOf(text, unparsed(text))
  }
}

function factsOf(text: string, { program, comments, incomplete, failed }: Parsed): Facts {
  const source = new JavaScriptSource(text, comments)
  const facts = program === null ? noFacts(text, true) : factsOfProgram(source, program)
  const scanned = failed.flatMap((span) => scanImports(source, span))
  const read = { ...facts, imports: [...facts.imports, ...scanned], incomplete }
  return incomplete ? { ...read, module: unreadModule(text) } : read
}

function factsOfProgram(source: JavaScriptSource, program: Program): Facts {
  const exports = collectExports(program)
  const imports = new ImportCollector(source, exports)
  const entryPoints = new EntryPointCollector(source)
  const symbols = new SymbolCollector(source)
  const members = new MemberCollector(source, symbols)
  const walk = new Walk(localNames(program), { imports, entryPoints, source })
  const code = new ModuleCode(source)
  const moduleUses = new Set<string>()
  const definitions = new DefinitionCollector({ source, exports, imports, symbols, members, walk, code, moduleUses })
  imports.references()
  for (const statement of program.body) definitions.statement(statement)
  return {
    symbols: symbols.facts(),
    imports: imports.facts,
    entryPoints: entryPoints.facts(),
    moduleUses: [...moduleUses],
    module: lazyModule(() => code.facts(program.body)),
    incomplete: false,
  }
}

/** Names of imports and of what is defined at the top level. */
function localNames(program: Program): ReadonlySet<string> {
  const names = new Set<string>()
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ImportDeclaration':
        for (const { local } of statement.specifiers) names.add(local.name)
        break
      case 'ExportNamedDeclaration':
        for (const name of declaredNames(statement.declaration)) names.add(name)
        break
      case 'ExportDefaultDeclaration':
        if ('id' in statement.declaration && statement.declaration.id !== null) names.add(statement.declaration.id.name)
        break
      case 'VariableDeclaration':
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
      case 'ClassDeclaration':
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
      case 'TSImportEqualsDeclaration':
        for (const name of declaredNames(statement)) names.add(name)
        break
      default:
    }
  }
  return names
}
