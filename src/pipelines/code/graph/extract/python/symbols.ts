import { digestOf, signatureOf, type SymbolFact, type SymbolKind } from '../../facts.ts'
import type { PythonScopes } from './scopes.ts'
import { firstAbove, type PythonTree } from './tree.ts'

/** Of an assignment, whose value may be anything. */
const MAX_ASSIGNMENT = 200
/** More are data. */
const MAX_TARGETS = 50
const BLOCKS: ReadonlySet<string> = new Set([
  'IfStatement',
  'TryStatement',
  'WithStatement',
  'ForStatement',
  'WhileStatement',
  'MatchStatement',
  'MatchBody',
  'MatchClause',
  'Body',
  'StatementGroup',
])
const PROPERTY = /(?:^|[._])(?:property|setter|getter|deleter)$/

/** What defines one or, as `a, b = …` does, several names. */
export interface Definition {
  /** The statement with its decorators. */
  readonly node: number
  readonly names: readonly { readonly name: string; readonly at: number; readonly kind: SymbolKind }[]
  readonly signature: string
}

interface Draft {
  readonly name: string
  readonly kind: SymbolKind
  readonly line: number
  readonly startLine: number
  endLine: number
  readonly exportedAs: readonly string[]
  readonly signatures: string[]
  readonly nodes: number[]
  readonly uses: Set<string>
}

/** Definitions directly in a module or the body of a class, those in `if`, `try` and other blocks among them. */
export function definitionsIn(tree: PythonTree, scopes: PythonScopes, container: number): Definition[] {
  const found: Definition[] = []
  let passingEnd = 0
  for (let node = container + 1; node < tree.end(container);) {
    const kind = tree.name(node)
    if (kind === 'ForStatement' || kind === 'WhileStatement' || isMain(tree, node))
      passingEnd = Math.max(passingEnd, tree.end(node))
    const definition = definitionAt(tree, scopes, node)
    if (definition !== null && (kind !== 'AssignStatement' || node >= passingEnd)) found.push(definition)
    node = BLOCKS.has(kind) ? node + 1 : tree.end(node)
  }
  return found
}

/** What is assigned under `if __name__ == "__main__":` cannot be imported. */
function isMain(tree: PythonTree, node: number): boolean {
  if (tree.name(node) !== 'IfStatement') return false
  const body = tree.child(node, 'Body')
  const test = tree.text.slice(tree.from(node), Math.min(tree.from(body), tree.from(node) + 100))
  return body !== -1 && /^if\b[\s(]*(?:__name__\s*==\s*['"]__main__['"]|['"]__main__['"]\s*==\s*__name__)/.test(test)
}

function definitionAt(tree: PythonTree, scopes: PythonScopes, node: number): Definition | null {
  switch (tree.name(node)) {
    case 'DecoratedStatement': {
      const inner = tree.children(node).at(-1) ?? -1
      return tree.name(inner) === 'Decorator' ? null : blockDefinition(tree, inner, node)
    }
    case 'FunctionDefinition':
    case 'ClassDefinition':
      return blockDefinition(tree, node, node)
    case 'TypeDefinition': {
      const name = tree.child(node, 'VariableName')
      if (name === -1) return null
      return { node, names: [{ name: tree.textOf(name), at: name, kind: 'type' }], signature: plainOf(tree, node) }
    }
    case 'AssignStatement':
      return assignment(tree, scopes, node)
    default:
      return null
  }
}

function blockDefinition(tree: PythonTree, inner: number, node: number): Definition | null {
  const name = inner === -1 ? -1 : tree.child(inner, 'VariableName')
  if (name === -1) return null
  const body = tree.child(inner, 'Body')
  const signature = tree.plain(tree.from(inner), body === -1 ? tree.lastTo(inner) : tree.from(body))
  const kind = tree.name(inner) === 'ClassDefinition' ? 'class' : 'function'
  return { node, names: [{ name: tree.textOf(name), at: name, kind }], signature }
}

function assignment(tree: PythonTree, scopes: PythonScopes, node: number): Definition | null {
  const targets = scopes.targetsOf(node).slice(0, MAX_TARGETS)
  if (targets.length === 0) return null
  const type = tree.child(node, 'TypeDef')
  const written = type === -1 ? '' : tree.plain(tree.from(type), tree.lastTo(type))
  const alias = /^:\s*(?:\w+\.)?TypeAlias$/.test(written)
  const names = targets.map((at) => {
    const name = tree.textOf(at)
    const kind: SymbolKind = alias ? 'type' : assignedKind(name)
    return { name, at, kind }
  })
  const [first] = names
  const typed = type !== -1 && !alias && first !== undefined
  const signature = typed ? `${first.name}${written}` : plainOf(tree, node)
  return { node, names, signature: signatureOf(signature).slice(0, MAX_ASSIGNMENT) }
}

function assignedKind(name: string): SymbolKind {
  return /^_*[A-Z][A-Z0-9_]*$/.test(name) ? 'constant' : 'variable'
}

function plainOf(tree: PythonTree, node: number): string {
  return tree.plain(tree.from(node), tree.lastTo(node))
}

/** The text of a node without comments and layout, which of a statement with many names is worked out once. */
function foldsOf(tree: PythonTree): (node: number) => string {
  const known = new Map<number, string>()
  return (node) => known.getOrInsertComputed(node, () => tree.fold(tree.from(node), tree.lastTo(node)))
}

/** The symbols of a module. Those of one name and kind are one: overloads, accessors, alternatives. */
export class PythonSymbols {
  readonly #tree: PythonTree
  readonly #drafts = new Map<string, Draft>()
  readonly #tops: readonly Definition[]
  readonly #names: ReadonlySet<string>
  readonly #uses = new Map<Definition, Set<string>>()

  constructor(tree: PythonTree, scopes: PythonScopes) {
    this.#tree = tree
    this.#tops = tree.size === 0 ? [] : definitionsIn(tree, scopes, 0)
    this.#names = new Set(this.#tops.flatMap(({ names }) => names.map(({ name }) => name)))
    for (const top of this.#tops) {
      const uses = new Set<string>()
      this.#uses.set(top, uses)
      for (const { name, at, kind } of top.names)
        this.#add({ name, kind, exportedAs: [name] }, top, { at, uses: new Set() })
      const [first] = top.names
      if (first?.kind === 'class') this.#members(first.name, top.node, scopes)
    }
  }

  /** In the order of the text. */
  get definitions(): readonly Definition[] {
    return this.#tops
  }

  get names(): ReadonlySet<string> {
    return this.#names
  }

  definitionAt(node: number): Definition | null {
    const next = firstAbove(this.#tops.length, (index) => (this.#tops[index]?.node ?? 0) > node)
    const definition = this.#tops[next - 1]
    return definition !== undefined && node < this.#tree.end(definition.node) ? definition : null
  }

  /** Of a definition of several names the first stands for all. */
  symbolAt(node: number): string | null {
    return this.definitionAt(node)?.names[0]?.name ?? null
  }

  use(definition: Definition, name: string): void {
    this.#uses.get(definition)?.add(name)
  }

  facts(): SymbolFact[] {
    for (const [definition, uses] of this.#uses)
      for (const { name, kind } of definition.names) {
        const draft = this.#drafts.get(`${kind} ${name}`)
        for (const used of uses) if (used !== name) draft?.uses.add(used)
      }
    const folded = foldsOf(this.#tree)
    return [...this.#drafts.values()].map(({ signatures, nodes, uses, ...draft }) => ({
      ...draft,
      signature: signatureOf([...new Set(signatures)].join('; ')),
      get digest() {
        return digestOf(nodes.map(folded).join('\n'))
      },
      uses: [...uses],
    }))
  }

  #members(owner: string, node: number, scopes: PythonScopes): void {
    const tree = this.#tree
    const definition = tree.name(node) === 'ClassDefinition' ? node : tree.child(node, 'ClassDefinition')
    const body = definition === -1 ? -1 : tree.child(definition, 'Body')
    if (body === -1) return
    for (const member of definitionsIn(tree, scopes, body)) {
      for (const { name, at, kind } of member.names) {
        const fact = { name: `${owner}.${name}`, kind: this.#memberKind(member.node, kind), exportedAs: [] }
        this.#add(fact, member, { at, uses: new Set() })
      }
    }
  }

  #memberKind(node: number, kind: SymbolKind): SymbolKind {
    if (kind === 'constant' || kind === 'variable') return 'property'
    if (kind !== 'function') return kind
    const decorators = this.#tree.children(node).filter((child) => this.#tree.name(child) === 'Decorator')
    const named = decorators.map((decorator) =>
      this.#tree.plain(this.#tree.from(decorator) + 1, this.#tree.lastTo(decorator)),
    )
    return named.some((name) => PROPERTY.test(name)) ? 'property' : 'method'
  }

  #add(
    fact: Pick<SymbolFact, 'name' | 'kind' | 'exportedAs'>,
    { node, signature }: Definition,
    { at, uses }: { at: number; uses: Set<string> },
  ): void {
    const tree = this.#tree
    const key = `${fact.kind} ${fact.name}`
    const endLine = tree.lineAt(Math.max(tree.from(node), tree.lastTo(node) - 1))
    const known = this.#drafts.get(key)
    if (known === undefined) {
      const line = tree.lineAt(tree.from(at))
      const startLine = tree.lineAt(tree.from(node))
      this.#drafts.set(key, { ...fact, line, startLine, endLine, signatures: [signature], nodes: [node], uses })
      return
    }
    known.nodes.push(node)
    // Assignments of one name may be far from each other.
    if (fact.kind !== 'variable' && fact.kind !== 'constant') known.endLine = endLine
    if (fact.kind !== 'variable' && fact.kind !== 'constant') known.signatures.push(signature)
  }
}
