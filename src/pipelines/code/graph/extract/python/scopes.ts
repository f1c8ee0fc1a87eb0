import type { PythonTree } from './tree.ts'

const NAME = 'VariableName'
const COMPREHENSION = /^(?:Array|Dictionary|Set)?ComprehensionExpression$/
/** What targets may be nested in; in others, as in `a.b = …` and `a[b] = …`, names are read. */
const TARGETS: ReadonlySet<string> = new Set(['TupleExpression', 'ArrayExpression', 'ParenthesizedExpression'])

interface Scope {
  readonly end: number
  /** A class binds names for its own body, not for the functions in it; what it hides there is seen all the same. */
  readonly hides: boolean
  readonly bound: Set<string>
  /** By `import`, `global` or `nonlocal`: they are those of elsewhere. */
  readonly foreign: Set<string>
}

/** Which names are bound where. */
export class PythonScopes {
  readonly #tree: PythonTree
  readonly #scopes = new Map<number, Scope>()
  readonly #binding = new Set<number>()

  constructor(tree: PythonTree) {
    this.#tree = tree
    const open: Scope[] = [scopeUntil(tree.size, false)]
    for (let node = 0; node < tree.size; node++) {
      while (open.length > 1 && (open.at(-1)?.end ?? 0) <= node) open.pop()
      const opened = this.#scopes.get(node)
      if (opened !== undefined) open.push(opened)
      const scope = open.at(-1)
      if (scope !== undefined) this.#visit(node, scope)
    }
    for (const { bound, foreign } of this.#scopes.values()) for (const name of foreign) bound.delete(name)
  }

  /** Names of the assignment's targets. */
  targetsOf(statement: number): number[] {
    const tree = this.#tree
    const children = tree.children(statement)
    const last = children.findLastIndex((child) => tree.name(child) === 'AssignOp')
    const typed = children.findIndex((child) => tree.name(child) === 'TypeDef')
    const end = children[typed === -1 ? last : typed] ?? tree.end(statement)
    return this.#targets(statement + 1, end)
  }

  /** Calls `seen` with each name that is read and not bound within a function; `known` are the names of interest. */
  eachUse(known: ReadonlySet<string>, seen: (name: string, node: number) => void): void {
    const tree = this.#tree
    const open: Scope[] = []
    const hidden = new Map<string, number>()
    const hide = ({ hides, bound }: Scope, by: number): void => {
      if (hides) for (const name of bound) if (known.has(name)) hidden.set(name, (hidden.get(name) ?? 0) + by)
    }
    let annotationEnd = 0
    for (let node = 0; node < tree.size; node++) {
      for (let last = open.at(-1); last !== undefined && last.end <= node; last = open.at(-1)) {
        hide(last, -1)
        open.pop()
      }
      const opened = this.#scopes.get(node)
      if (opened !== undefined) {
        open.push(opened)
        hide(opened, 1)
      }
      const kind = tree.name(node)
      if (kind === 'TypeDef') annotationEnd = Math.max(annotationEnd, tree.end(node))
      else if (kind === 'String' && node < annotationEnd) {
        for (const [name] of tree.textOf(node).matchAll(WORD)) if (known.has(name)) seen(name, node)
      } else if (kind === NAME) {
        const name = tree.textOf(node)
        if (known.has(name) && (hidden.get(name) ?? 0) === 0 && this.#isRead(node)) seen(name, node)
      }
    }
  }

  #visit(node: number, scope: Scope): void {
    const tree = this.#tree
    const kind = tree.name(node)
    switch (kind) {
      case 'FunctionDefinition':
      case 'ClassDefinition':
        this.#bind(tree.child(node, NAME), scope)
        this.#openBody(node, kind === 'FunctionDefinition')
        break
      case 'LambdaExpression':
        this.#openLambda(node)
        break
      case 'AssignStatement':
        for (const target of this.targetsOf(node)) this.#bind(target, scope)
        break
      case 'UpdateStatement':
        if (tree.name(node + 1) === NAME) scope.bound.add(tree.textOf(node + 1))
        break
      case 'NamedExpression':
        this.#bind(node + 1, scope)
        break
      case 'CapturePattern':
        this.#bind(node + 1, scope)
        break
      case 'as':
        if (/^(?:With|Try)Statement$|^AsPattern$/.test(tree.name(tree.parent(node)))) this.#bind(node + 1, scope)
        break
      case 'for':
        for (const target of this.#targets(node + 1, this.#next(node, 'in'))) this.#bind(target, scope)
        break
      case 'ImportStatement':
      case 'ScopeStatement':
        for (const child of tree.children(node)) if (tree.name(child) === NAME) scope.foreign.add(tree.textOf(child))
        break
      default:
        if (COMPREHENSION.test(kind) || (kind === 'ArgList' && tree.child(node, 'for') !== -1))
          this.#scopes.set(node + 1, scopeUntil(tree.end(node), true))
    }
  }

  #openBody(definition: number, hides: boolean): void {
    const tree = this.#tree
    const body = tree.child(definition, 'Body')
    if (body === -1) return
    const scope = scopeUntil(tree.end(body), hides)
    this.#scopes.set(body, scope)
    this.#bindParameters(tree.child(definition, 'ParamList'), scope)
  }

  #openLambda(lambda: number): void {
    const tree = this.#tree
    const parameters = tree.child(lambda, 'ParamList')
    if (parameters === -1 || tree.end(parameters) >= tree.end(lambda)) return
    const scope = scopeUntil(tree.end(lambda), true)
    this.#scopes.set(tree.end(parameters), scope)
    this.#bindParameters(parameters, scope)
  }

  #bindParameters(parameters: number, scope: Scope): void {
    if (parameters === -1) return
    for (const child of this.#tree.children(parameters))
      if (this.#tree.name(child) === NAME && !this.#followsAssignment(child)) this.#bind(child, scope)
  }

  #bind(node: number, scope: Scope): void {
    if (node === -1 || this.#tree.name(node) !== NAME) return
    this.#binding.add(node)
    scope.bound.add(this.#tree.textOf(node))
  }

  #targets(start: number, end: number): number[] {
    const tree = this.#tree
    const found: number[] = []
    for (let node = start; node < end;) {
      if (tree.name(node) === NAME) found.push(node)
      node = TARGETS.has(tree.name(node)) ? node + 1 : tree.end(node)
    }
    return found
  }

  #next(node: number, kind: string): number {
    const end = this.#tree.end(this.#tree.parent(node))
    for (let at = node + 1; at < end; at = this.#tree.end(at)) if (this.#tree.name(at) === kind) return at
    return node
  }

  #followsAssignment(node: number): boolean {
    return this.#tree.name(node - 1) === 'AssignOp' && this.#tree.parent(node - 1) === this.#tree.parent(node)
  }

  #isRead(node: number): boolean {
    if (this.#binding.has(node)) return false
    const tree = this.#tree
    switch (tree.name(tree.parent(node))) {
      case 'ImportStatement':
      case 'ScopeStatement':
        return false
      case 'Decorator':
        return tree.name(node - 1) !== '.'
      case 'ArgList':
        return tree.name(node + 1) !== 'AssignOp' || tree.parent(node + 1) !== tree.parent(node)
      case 'KeywordPattern':
      case 'TypeParam':
        return false
      case 'TypeDefinition':
        return tree.name(node - 1) !== 'type'
      default:
        return true
    }
  }
}

const WORD = /(?<![\p{L}\p{N}_.])[\p{L}_][\p{L}\p{N}_]*/gu

function scopeUntil(end: number, hides: boolean): Scope {
  return { end, hides, bound: new Set(), foreign: new Set() }
}
