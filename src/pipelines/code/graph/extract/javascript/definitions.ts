import type {
  Class,
  Declaration,
  Directive,
  ExportDefaultDeclaration,
  Expression,
  Function,
  Node,
  ObjectExpression,
  Statement,
  VariableDeclaration,
  VariableDeclarator,
} from 'oxc-parser'

import type { SymbolKind } from '../../facts.ts'
import { commonJsAssignment, declaredNames, type Exports, WHOLE } from './exports.ts'
import type { ImportCollector } from './imports.ts'
import type { MemberCollector } from './members.ts'
import { isInert, type ModuleCode } from './module-code.ts'
import { bindingNames, keyName, unwrap } from './nodes.ts'
import {
  bodyOf,
  declaratorText,
  decoratedStart,
  headerText,
  isClass,
  isFunction,
  undecoratedStart,
  valueText,
} from './signatures.ts'
import type { JavaScriptSource, Span } from './source.ts'
import type { SymbolCollector } from './symbols.ts'
import type { Walk } from './walk.ts'

export interface Collectors {
  readonly source: JavaScriptSource
  readonly exports: Exports
  readonly imports: ImportCollector
  readonly symbols: SymbolCollector
  readonly members: MemberCollector
  readonly walk: Walk
  readonly code: ModuleCode
  readonly moduleUses: Set<string>
}

/** Of one pattern: each has the text of the whole, so that many would cost the square of it. */
const MAX_NAMES = 100

/** Definitions of these may run code. */
const RUN_ON_LOADING: ReadonlySet<SymbolKind> = new Set(['class', 'enum', 'namespace', 'constant'])

/** A value that is exported under names but has none of its own. */
interface Unnamed {
  readonly name: string
  readonly exportedAs: readonly string[]
  readonly at: number
  readonly span: Span
}

/** Sorts what stands at the top level into definitions, imports and statements that run. */
export class DefinitionCollector {
  readonly #to: Collectors

  constructor(to: Collectors) {
    this.#to = to
  }

  statement(node: Directive | Statement): void {
    switch (node.type) {
      case 'ImportDeclaration':
        this.#to.code.told(node)
        return this.#to.imports.importDeclaration(node)
      case 'ExportAllDeclaration':
        this.#to.code.told(node)
        return this.#to.imports.exportAll(node)
      case 'ExportNamedDeclaration':
        if (node.declaration !== null) return this.#declaration(node.declaration, node)
        this.#to.code.told(node)
        return this.#to.imports.exportNamed(node)
      case 'ExportDefaultDeclaration':
        return this.#exportDefault(node)
      case 'TSExportAssignment':
        return this.#exportedValue(node.expression, WHOLE, node)
      case 'ExpressionStatement':
        return this.#expression(node.expression, node)
      case 'VariableDeclaration':
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
      case 'ClassDeclaration':
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
      case 'TSImportEqualsDeclaration':
        return this.#declaration(node, node)
      case 'TSNamespaceExportDeclaration':
        return
      default:
        this.#run(node)
    }
  }

  #run(node: Node): void {
    this.#to.walk.run(null, this.#to.moduleUses, [node])
  }

  #declaration(node: Declaration, statement: Span): void {
    switch (node.type) {
      case 'VariableDeclaration':
        return this.#variables(node, statement)
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'TSDeclareFunction':
      case 'TSEmptyBodyFunctionExpression':
        return this.#function(node, node.id?.name ?? 'default', statement)
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.#class(node, node.id?.name ?? 'default', statement)
      case 'TSImportEqualsDeclaration':
        if (node.moduleReference.type === 'TSExternalModuleReference') {
          this.#to.code.told(statement)
          return this.#to.imports.importEquals(node)
        }
        return this.#define(node, node.id.name, 'constant', node.id, statement, null)
      case 'TSModuleDeclaration': {
        const [name] = declaredNames(node)
        if (name === undefined) return this.#run(node)
        return this.#define(node, name, 'namespace', node.id, statement, node.body)
      }
      case 'TSTypeAliasDeclaration':
        return this.#define(node, node.id.name, 'type', node.id, statement, null)
      case 'TSInterfaceDeclaration':
        this.#define(node, node.id.name, 'interface', node.id, statement, null)
        return this.#to.members.ofInterface(node.id.name, node)
      case 'TSEnumDeclaration':
        this.#define(node, node.id.name, 'enum', node.id, statement, node.body)
        return this.#to.members.ofEnum(node.id.name, node)
    }
  }

  #function(node: Function, name: string, statement: Span): void {
    this.#define(node, name, 'function', node.id ?? node, statement, node.body)
  }

  #class(node: Class, name: string, statement: Span): void {
    this.#define(node, name, 'class', node.id ?? node, statement, node.body)
    this.#to.members.ofClass(name, node)
  }

  #define(
    node: Declaration | Class | Function,
    name: string,
    kind: SymbolKind,
    at: Span,
    statement: Span,
    body: Node | null,
  ): void {
    const { source, exports, symbols, walk, code } = this.#to
    const span = { start: Math.min(statement.start, decoratedStart(node)), end: node.end }
    code.told(span)
    if (RUN_ON_LOADING.has(kind)) code.runs(name, span.start)
    const uses = symbols.add({
      name,
      kind,
      at: at.start,
      span,
      exportedAs: name === 'default' ? ['default'] : (exports.get(name) ?? []),
      signature: headerText(source, undecoratedStart(node), node.end, body),
    })
    walk.run(name, uses, [node])
  }

  #variables(node: VariableDeclaration, statement: Span): void {
    const { code, imports } = this.#to
    const alone = node.declarations.length === 1
    let told = true
    for (const declarator of node.declarations) {
      const loaded = imports.declarator(declarator, true)
      const isTold = loaded === null ? bindingNames(declarator.id).length > 0 : code.isPlainLoad(declarator)
      if (isTold) code.told(declarator)
      told &&= isTold
      if (loaded === null) {
        this.#variable(declarator, node, alone ? { start: statement.start, end: node.end } : declarator)
      } else this.#run(declarator.init ?? declarator)
    }
    if (told) code.told({ start: statement.start, end: node.end })
  }

  #variable(node: VariableDeclarator, { kind: keyword }: VariableDeclaration, span: Span): void {
    const { source, exports, symbols, walk } = this.#to
    const names = bindingNames(node.id).slice(0, MAX_NAMES)
    const signature = declaratorText(source, keyword, node)
    const uses = new Set<string>()
    walk.runBinding(names[0] ?? null, uses, node.id)
    walk.run(names[0] ?? null, uses, [node.init])
    for (const name of names) {
      if (!isInert(node.init)) this.#to.code.runs(name, span.start)
      const kind = keyword === 'let' || keyword === 'var' ? 'variable' : 'constant'
      const exportedAs = exports.get(name) ?? []
      const into = symbols.add({ name, kind, at: this.#offsetOf(node, name), span, exportedAs, signature })
      for (const use of uses) into.add(use)
    }
    if (names.length === 0) for (const use of uses) this.#to.moduleUses.add(use)
  }

  /** Of a name in a pattern. */
  #offsetOf({ id }: VariableDeclarator, name: string): number {
    if (id.type === 'Identifier') return id.start
    const pattern = this.#to.source.text.slice(id.start, id.end)
    const found = new RegExp(String.raw`(?<![\w$])${RegExp.escape(name)}(?![\w$]|\s*:)`).exec(pattern)
    return id.start + (found?.index ?? 0)
  }

  #exportDefault(node: ExportDefaultDeclaration): void {
    const { declaration } = node
    switch (declaration.type) {
      case 'FunctionDeclaration':
      case 'TSDeclareFunction':
      case 'ClassDeclaration':
      case 'TSInterfaceDeclaration':
        return this.#declaration(declaration, node)
      default:
        this.#exportedValue(declaration, ['default'], node)
    }
  }

  /** A name that is exported is so where it is defined: `collectExports`. */
  #exportedValue(expression: Expression, exportedAs: readonly string[], statement: Span): void {
    const value = unwrap(expression)
    if (value.type === 'Identifier') return
    const own = (isFunction(value) || isClass(value)) && value.id !== null ? value.id.name : 'default'
    this.#unnamed(expression, { name: own, exportedAs, at: expression.start, span: statement })
  }

  #expression(expression: Expression, statement: Span): void {
    const assigned = commonJsAssignment(expression)
    if (assigned === null) return this.#run(expression)
    const { names, value } = assigned
    const whole = names.includes('*')
    if (this.#to.imports.reexported(value, whole ? '*' : (names[0] ?? '*'))) return this.#run(value)
    const inner = unwrap(value)
    if (inner.type === 'Identifier') return
    if (whole && inner.type === 'ObjectExpression') return this.#exportedObject(inner)
    if (whole) return this.#exportedValue(value, names, statement)
    // `exports.a = void 0` comes before all else in what compilers write.
    if (inner.type === 'UnaryExpression' && inner.operator === 'void') return
    this.#unnamed(value, { name: names[0] ?? 'default', exportedAs: names, at: statement.start, span: statement })
  }

  #exportedObject(node: ObjectExpression): void {
    for (const property of node.properties) {
      if (property.type === 'SpreadElement') {
        this.#to.imports.reexported(property.argument, '*')
        this.#run(property.argument)
        continue
      }
      const name = keyName(property.key, property.computed)
      if (name === null) this.#run(property)
      else if (this.#to.imports.reexported(property.value, name)) this.#run(property.value)
      else if (property.value.type !== 'Identifier') {
        this.#unnamed(property.value, { name, exportedAs: [name], at: property.key.start, span: property })
      }
    }
  }

  #unnamed(value: Expression, { name, exportedAs, at, span }: Unnamed): void {
    const { source, symbols, walk, members, code } = this.#to
    code.told(span)
    if (!isInert(value)) code.runs(name, span.start)
    const inner = unwrap(value)
    const kind = isFunction(inner) ? 'function' : isClass(inner) ? 'class' : 'constant'
    const body = bodyOf(value)
    const signature =
      body === null ? valueText(source, '', span.start, span.end) : headerText(source, span.start, span.end, body)
    walk.run(name, symbols.add({ name, kind, at, span, exportedAs, signature }), [value])
    if (isClass(inner)) members.ofClass(name, inner)
  }
}
