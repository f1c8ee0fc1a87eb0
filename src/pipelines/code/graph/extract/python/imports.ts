import type { ImportedName, ImportFact } from '../../facts.ts'
import { argumentsOf, callAt, type PythonCall, stringOf } from './calls.ts'
import type { PythonTree } from './tree.ts'

const DOTTED = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)+$/u
const SPECIFIER: ReadonlySet<string> = new Set(['VariableName', '.', 'Ellipsis'])
const WHOLE: readonly ImportedName[] = [{ imported: '*', local: null, exportedAs: null }]

export function importsOf(tree: PythonTree): ImportFact[] {
  const found: ImportFact[] = []
  const typeOnlyBodies = new Set<number>()
  let typeOnlyEnd = 0
  let innerEnd = 0
  for (let node = 0; node < tree.size; node++) {
    switch (tree.name(node)) {
      case 'FunctionDefinition':
      case 'ClassDefinition':
        innerEnd = Math.max(innerEnd, tree.end(node))
        break
      case 'IfStatement':
        for (const body of typeOnlyBodiesOf(tree, node)) typeOnlyBodies.add(body)
        break
      case 'Body':
        if (typeOnlyBodies.has(node)) typeOnlyEnd = Math.max(typeOnlyEnd, tree.end(node))
        break
      case 'ImportStatement':
        found.push(...statementImports(tree, node, { typeOnly: node < typeOnlyEnd, outside: node >= innerEnd }))
        break
      case 'CallExpression':
      case 'Decorator': {
        const call = callAt(tree, node)
        const called = call === null ? null : callImport(tree, call, found)
        if (called !== null) found.push({ ...called, typeOnly: node < typeOnlyEnd, line: tree.lineAt(tree.from(node)) })
        break
      }
      default:
    }
  }
  return found
}

/** Those of `if TYPE_CHECKING:`, and the `else` of `if not TYPE_CHECKING:`. */
function typeOnlyBodiesOf(tree: PythonTree, statement: number): number[] {
  const bodies: number[] = []
  let test: string | null = null
  let negated = false
  for (const child of tree.children(statement)) {
    const kind = tree.name(child)
    if (kind === 'if' || kind === 'elif') test = null
    else if (kind === 'else') test = negated ? 'TYPE_CHECKING' : null
    else if (kind === 'Body') {
      if (test !== null && /^(?:\w+\.)?TYPE_CHECKING$/.test(test)) bodies.push(child)
      negated = test !== null && /^not\s+(?:\w+\.)?TYPE_CHECKING$/.test(test)
    } else if (tree.to(child) - tree.from(child) < 100) test = tree.textOf(child)
  }
  return bodies
}

interface Where {
  readonly typeOnly: boolean
  readonly outside: boolean
}

function statementImports(tree: PythonTree, statement: number, where: Where): ImportFact[] {
  const children = tree.children(statement)
  const keyword = children.findIndex((child) => tree.name(child) === 'import')
  if (keyword === -1) return []
  const clauses = clausesOf(tree, children.slice(keyword + 1))
  const exported = (name: string): string | null => (where.outside ? name : null)
  const base = { kind: 'import' as const, typeOnly: where.typeOnly }
  if (tree.name(children[0] ?? -1) !== 'from')
    return clauses.map(({ name, alias, at }) => {
      const local = alias ?? name.replace(/\..*$/s, '')
      const names = [{ imported: '*', local, exportedAs: exported(local) }]
      return { ...base, specifier: name, line: tree.lineAt(at), names }
    })
  const specifier = children.slice(1, keyword).filter((child) => SPECIFIER.has(tree.name(child)))
  if (specifier.length === 0) return []
  const names = clauses.map(({ name, alias }) => {
    if (name === '*') return { imported: '*', local: null, exportedAs: exported('*') }
    const local = alias ?? name
    return { imported: name, local, exportedAs: exported(local) }
  })
  return [
    {
      ...base,
      specifier: specifier.map((part) => tree.textOf(part)).join(''),
      line: tree.lineAt(tree.from(statement)),
      names,
    },
  ]
}

interface Clause {
  readonly at: number
  name: string
  alias: string | null
}

function clausesOf(tree: PythonTree, nodes: readonly number[]): readonly Clause[] {
  const clauses: Clause[] = []
  let clause: Clause | null = null
  let afterAs = false
  for (const node of nodes) {
    const kind = tree.name(node)
    if (kind === ',') clause = null
    else if (kind === 'as') afterAs = true
    else if (kind === 'VariableName' || kind === '.' || kind === '*') {
      if (clause === null) clauses.push((clause = { at: tree.from(node), name: '', alias: null }))
      if (afterAs) clause.alias = tree.textOf(node)
      else clause.name += tree.textOf(node)
      afterAs = false
    }
  }
  return clauses.filter(({ name }) => name !== '')
}

type CalledImport = Pick<ImportFact, 'kind' | 'specifier' | 'names'>

/** `before` are the imports above the call, by which it is told whose function it calls. */
function callImport(tree: PythonTree, call: PythonCall, before: readonly ImportFact[]): CalledImport | null {
  switch (call.name) {
    case '__import__':
      return { kind: 'dynamic', specifier: stringOf(tree, argumentsOf(tree, call).positional[0]), names: WHOLE }
    case 'import_module':
      return { kind: 'dynamic', specifier: importedModule(tree, call), names: WHOLE }
    case 'include':
      return before.some(isDjangoInclude) ? mountedModule(tree, call) : null
    case 'patch':
      return mocked(tree, call)
    case 'dict':
    case 'multiple':
      return /(?:^|\.)patch$/.test(call.receiver) ? mocked(tree, call) : null
    case 'setattr':
    case 'delattr':
      return /monkeypatch|^mp$/.test(call.receiver) ? mocked(tree, call) : null
    default:
      return null
  }
}

/** Relative to the package that the second argument names, which seldom is another than the module's own. */
function importedModule(tree: PythonTree, call: PythonCall): string | null {
  const { positional, keywords } = argumentsOf(tree, call)
  const name = stringOf(tree, positional[0] ?? keywords.get('name'))
  const origin = stringOf(tree, positional[1] ?? keywords.get('package'))
  const dots = /^\.+/.exec(name ?? '')?.[0].length ?? 0
  if (name === null || origin === null || dots === 0) return name
  const parts = origin.split('.')
  return [...parts.slice(0, Math.max(0, parts.length - dots + 1)), name.slice(dots)]
    .filter((part) => part !== '')
    .join('.')
}

function isDjangoInclude({ specifier, names }: ImportFact): boolean {
  const isRoutes = specifier === 'django.urls' || specifier === 'django.conf.urls'
  return isRoutes && names.some(({ local }) => local === 'include' || local === null)
}

/** `include("app.urls")` in the routes of Django. */
function mountedModule(tree: PythonTree, call: PythonCall): CalledImport | null {
  const specifier = stringOf(tree, argumentsOf(tree, call).positional[0])
  return specifier !== null && call.receiver === '' && DOTTED.test(specifier)
    ? { kind: 'dynamic', specifier, names: WHOLE }
    : null
}

function mocked(tree: PythonTree, call: PythonCall): CalledImport | null {
  const { positional, keywords } = argumentsOf(tree, call)
  const specifier = stringOf(tree, positional[0] ?? keywords.get('target'))
  return specifier !== null && DOTTED.test(specifier) ? { kind: 'mock', specifier, names: [] } : null
}
