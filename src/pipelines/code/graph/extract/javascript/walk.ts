import {
  type ArrowFunctionExpression,
  type BindingPattern,
  type Directive,
  type Function,
  type JSXElementName,
  type Node,
  type ParamPattern,
  type Statement,
  type TSTypeName,
  visitorKeys,
} from 'oxc-parser'

import type { EntryPointCollector } from './entry-points.ts'
import { declaredNames } from './exports.ts'
import type { ImportCollector } from './imports.ts'
import { bindingNames } from './nodes.ts'
import type { JavaScriptSource } from './source.ts'

type Children = Readonly<Record<string, Node | readonly (Node | null)[] | null | undefined>>

interface Seen {
  readonly imports: ImportCollector
  readonly entryPoints: EntryPointCollector
  readonly source: JavaScriptSource
}

/** Walks definitions and statements, and tells the local names that they use. */
export class Walk {
  readonly #locals: ReadonlySet<string>
  readonly #imports: ImportCollector
  readonly #entryPoints: EntryPointCollector
  readonly #source: JavaScriptSource
  /** How many of the scopes around bind a local name anew. */
  readonly #shadows = new Map<string, number>()
  #uses = new Set<string>()
  #symbol: string | null = null

  constructor(locals: ReadonlySet<string>, { imports, entryPoints, source }: Seen) {
    this.#locals = locals
    this.#imports = imports
    this.#entryPoints = entryPoints
    this.#source = source
  }

  /** Adds to `uses` what is used in the nodes, which belong to the symbol. */
  run(symbol: string | null, uses: Set<string>, nodes: readonly (Node | null | undefined)[]): void {
    this.#symbol = symbol
    this.#uses = uses
    this.#all(nodes)
  }

  /** As `run`, of a pattern whose names it binds. */
  runBinding(symbol: string | null, uses: Set<string>, pattern: BindingPattern): void {
    this.#symbol = symbol
    this.#uses = uses
    this.#bind(pattern)
  }

  #all(nodes: readonly (Node | null | undefined)[]): void {
    for (const node of nodes) if (node !== null && node !== undefined) this.#visit(node)
  }

  #children(node: Node, except?: string): void {
    for (const key of visitorKeys[node.type] ?? []) {
      if (key === except) continue
      const value = (node as unknown as Children)[key]
      if (value === null || value === undefined) continue
      if (Array.isArray(value)) this.#all(value as readonly (Node | null)[])
      else this.#visit(value as Node)
    }
  }

  #use(name: string): void {
    if (this.#locals.has(name) && (this.#shadows.get(name) ?? 0) === 0) this.#uses.add(name)
  }

  #visit(node: Node): void {
    switch (node.type) {
      case 'Identifier':
        return this.#use(node.name)
      case 'Literal':
        if ('regex' in node) this.#source.note('literal', node)
        return
      case 'TemplateElement':
        return this.#source.note('literal', node)
      case 'CallExpression':
        for (const name of this.#imports.see(node)) this.#uses.add(name)
        this.#entryPoints.see(node, this.#symbol)
        return this.#children(node)
      case 'NewExpression':
      case 'ObjectExpression':
        this.#imports.see(node)
        this.#entryPoints.see(node, this.#symbol)
        return this.#children(node)
      case 'ImportExpression':
        this.#imports.see(node)
        return this.#children(node)
      case 'MemberExpression':
        this.#imports.see(node)
        this.#visit(node.object)
        if (node.computed) this.#visit(node.property)
        return
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'TSDeclareFunction':
      case 'TSEmptyBodyFunctionExpression':
        return this.#function(node)
      case 'BlockStatement':
      case 'TSModuleBlock':
        return this.#scope(blockNames(node.body), () => this.#all(node.body))
      default:
        this.#visitOther(node)
    }
  }

  #visitOther(node: Node): void {
    switch (node.type) {
      case 'Property':
        if (node.computed) this.#visit(node.key)
        return this.#visit(node.value)
      case 'VariableDeclarator':
        for (const name of this.#imports.declarator(node, false) ?? []) this.#uses.add(name)
        this.#bind(node.id)
        return this.#all([node.init])
      case 'CatchClause':
        this.#bind(node.param)
        return this.#scope(bindingNames(node.param), () => this.#visit(node.body))
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#entryPoints.see(node, this.#symbol)
        return this.#children(node, 'id')
      case 'MethodDefinition':
      case 'TSAbstractMethodDefinition':
      case 'PropertyDefinition':
      case 'TSAbstractPropertyDefinition':
      case 'AccessorProperty':
      case 'TSAbstractAccessorProperty':
      case 'TSPropertySignature':
        return this.#children(node, node.computed ? undefined : 'key')
      case 'LabeledStatement':
        return this.#visit(node.body)
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return
      case 'JSXOpeningElement':
        this.#element(node.name)
        return this.#children(node, 'name')
      case 'JSXClosingElement':
        return
      case 'JSXAttribute':
        // Without escapes, unlike other strings.
        if (node.value?.type === 'Literal') this.#source.note('literal', node.value)
        return this.#all([node.value])
      case 'JSXText':
        return this.#source.note('markup', node)
      case 'JSXExpressionContainer':
        if (node.expression.type === 'JSXEmptyExpression') return this.#source.note('empty', node)
        return this.#children(node)
      case 'ImportDeclaration':
        return this.#imports.importDeclaration(node, true)
      case 'ExportAllDeclaration':
        return this.#imports.exportAll(node, true)
      case 'ExportNamedDeclaration':
        if (node.source !== null) return this.#imports.exportNamed(node, true)
        return this.#all([node.declaration, ...node.specifiers.map(({ local }) => local)])
      default:
        this.#visitType(node)
    }
  }

  #visitType(node: Node): void {
    switch (node.type) {
      case 'TSTypeReference':
        this.#typeName(node.typeName)
        return this.#all([node.typeArguments])
      case 'TSQualifiedName':
        return this.#visit(node.left)
      case 'TSImportType':
        this.#imports.see(node)
        return this.#all([node.typeArguments])
      case 'TSFunctionType':
      case 'TSConstructorType':
      case 'TSCallSignatureDeclaration':
      case 'TSConstructSignatureDeclaration':
      case 'TSMethodSignature':
        if (node.type === 'TSMethodSignature' && node.computed) this.#visit(node.key)
        for (const parameter of node.params) this.#bind(parameter)
        return this.#all([node.typeParameters, node.returnType])
      case 'TSIndexSignature':
        return this.#all([...node.parameters.map(({ typeAnnotation }) => typeAnnotation), node.typeAnnotation])
      case 'TSEnumMember':
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
        return this.#children(node, 'id')
      case 'TSTypeParameter':
        return this.#children(node, 'name')
      case 'TSMappedType':
        return this.#children(node, 'key')
      case 'TSNamedTupleMember':
        return this.#children(node, 'label')
      case 'TSTypePredicate':
        return this.#children(node, 'parameterName')
      default:
        this.#children(node)
    }
  }

  #function(node: Function | ArrowFunctionExpression): void {
    const names: string[] = []
    for (const parameter of node.params) bindingNames(parameter, names)
    if (node.type === 'FunctionExpression' && node.id !== null) names.push(node.id.name)
    for (const parameter of node.params) this.#bind(parameter)
    this.#scope(names, () => this.#all([node.typeParameters, node.returnType, node.body]))
  }

  #scope(names: readonly string[], body: () => void): void {
    const shadowed = names.filter((name) => this.#locals.has(name))
    for (const name of shadowed) this.#shadows.set(name, (this.#shadows.get(name) ?? 0) + 1)
    body()
    for (const name of shadowed) this.#shadows.set(name, (this.#shadows.get(name) ?? 0) - 1)
  }

  /** Types, defaults and decorators of a pattern, not the names that it binds. */
  #bind(pattern: BindingPattern | ParamPattern | null): void {
    switch (pattern?.type) {
      case 'AssignmentPattern':
        this.#bind(pattern.left)
        this.#visit(pattern.right)
        break
      case 'RestElement':
        this.#bind(pattern.argument)
        break
      case 'TSParameterProperty':
        this.#bind(pattern.parameter)
        break
      case 'ArrayPattern':
        for (const element of pattern.elements) this.#bind(element)
        break
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'Property' && property.computed) this.#visit(property.key)
          this.#bind(property.type === 'Property' ? property.value : property)
        }
        break
      default:
    }
    if (pattern === null) return
    if ('typeAnnotation' in pattern) this.#all([pattern.typeAnnotation])
    if ('decorators' in pattern) this.#all(pattern.decorators ?? [])
  }

  /** A parameter of the same name does not hide a type. */
  #typeName(name: TSTypeName): void {
    if (name.type === 'TSQualifiedName') this.#typeName(name.left)
    else if (name.type === 'Identifier' && this.#locals.has(name.name)) this.#uses.add(name.name)
  }

  /** Elements of the platform have a name in lower case, which no import has to do with. */
  #element(name: JSXElementName): void {
    if (name.type === 'JSXIdentifier' && !/^[a-z]/.test(name.name)) this.#use(name.name)
    if (name.type !== 'JSXMemberExpression') return
    let { object } = name
    while (object.type === 'JSXMemberExpression') object = object.object
    this.#use(object.name)
  }
}

/** Names that the statements of a block declare in it. */
function blockNames(body: readonly (Directive | Statement)[]): string[] {
  return body.flatMap((statement) => {
    switch (statement.type) {
      case 'VariableDeclaration':
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        return declaredNames(statement)
      case 'ExportNamedDeclaration':
        return declaredNames(statement.declaration)
      default:
        return []
    }
  })
}
