import type {
  CallExpression,
  ExportAllDeclaration,
  ExportNamedDeclaration,
  Expression,
  ImportDeclaration,
  ModuleExportName,
  NewExpression,
  Node,
  TSImportEqualsDeclaration,
  TSImportType,
  VariableDeclarator,
} from 'oxc-parser'

import type { ImportedName, ImportFact, ImportKind } from '../../facts.ts'
import { callbackNames, patternNames } from './bindings.ts'
import { literalOf, memberName, unwrap } from './nodes.ts'
import type { JavaScriptSource } from './source.ts'

const ALL: ImportedName = { imported: '*', local: null, exportedAs: null }
const MOCKS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['vi', new Set(['mock', 'doMock', 'importActual', 'importMock'])],
  ['jest', new Set(['mock', 'doMock', 'requireActual', 'requireMock', 'unstable_mockModule'])],
  ['mock', new Set(['module'])],
])

/** It is no file, and so no module. */
const DIRECTORY_URL = /(?:^|\/)\.{0,2}$/

/** The imports of a text, in the order in which they are seen. */
export class ImportCollector {
  readonly facts: ImportFact[] = []
  readonly #source: JavaScriptSource
  /** By the local name. */
  readonly #exports: ReadonlyMap<string, readonly string[]>
  /** What is imported by an expression, where that shows only in what stands around it. null: it is part of another fact. */
  readonly #hints = new Map<Node, readonly ImportedName[] | null>()

  constructor(source: JavaScriptSource, exports: ReadonlyMap<string, readonly string[]>) {
    this.#source = source
    this.#exports = exports
  }

  /** `/// <reference … />` */
  references(): void {
    for (const { type, value, start } of this.#source.comments) {
      if (type !== 'Line' || !value.startsWith('/')) continue
      const match = /^\/\s*<reference\s+(path|types)\s*=\s*["']([^"']+)["']/.exec(value)
      if (match?.[2] === undefined) continue
      // A path is relative to the file though it need not begin with a dot.
      const specifier = match[1] === 'path' && !/^[./]/.test(match[2]) ? `./${match[2]}` : match[2]
      this.#add(specifier, 'reference', start, [], true)
    }
  }

  importDeclaration(node: ImportDeclaration, ambient = false): void {
    const names: ImportedName[] = []
    const types: ImportedName[] = []
    for (const specifier of node.specifiers) {
      const local = specifier.local.name
      if (specifier.type === 'ImportSpecifier') {
        const into = specifier.importKind === 'type' ? types : names
        into.push(...this.#exported(nameOf(specifier.imported), local, ambient))
      } else {
        names.push(...this.#exported(specifier.type === 'ImportDefaultSpecifier' ? 'default' : '*', local, ambient))
      }
    }
    this.#split(node, 'import', ambient || node.importKind === 'type', names, types)
  }

  importEquals(node: TSImportEqualsDeclaration): void {
    if (node.moduleReference.type !== 'TSExternalModuleReference') return
    const names = this.#exported('*', node.id.name, false)
    this.#add(literalOf(node.moduleReference.expression), 'require', node.start, names, node.importKind === 'type')
  }

  exportNamed(node: ExportNamedDeclaration, ambient = false): void {
    if (node.source === null) return
    const names: ImportedName[] = []
    const types: ImportedName[] = []
    for (const { local, exported, exportKind } of node.specifiers) {
      const exportedAs = ambient ? null : nameOf(exported)
      const into = exportKind === 'type' ? types : names
      into.push({ imported: nameOf(local), local: null, exportedAs })
    }
    this.#split(node, ambient ? 'import' : 're-export', ambient || node.exportKind === 'type', names, types)
  }

  exportAll(node: ExportAllDeclaration, ambient = false): void {
    const exportedAs = ambient ? null : node.exported === null ? '*' : nameOf(node.exported)
    const names = [{ imported: '*', local: null, exportedAs }]
    this.#add(
      node.source.value,
      ambient ? 'import' : 're-export',
      node.start,
      names,
      ambient || node.exportKind === 'type',
    )
  }

  /** Local names that a declarator binds to a module or to what it exports; null when it binds something else. */
  declarator(node: VariableDeclarator, topLevel: boolean): readonly string[] | null {
    if (node.init === null) return null
    const loaded = loadedBy(node.init)
    if (loaded === null) return null
    const names = patternNames(node.id, loaded.member)
    this.#hints.set(
      loaded.node,
      topLevel ? names.flatMap(({ imported, local }) => this.#exported(imported, local, false)) : names,
    )
    return names.flatMap(({ local }) => local ?? [])
  }

  /** `module.exports = require('x')` and the like; whether it was one. */
  reexported(value: Expression, exportedAs: string): boolean {
    const loaded = loadedBy(value)
    if (loaded === null) return false
    this.#hints.set(loaded.node, [{ imported: loaded.member ?? '*', local: null, exportedAs }])
    return true
  }

  /** To be called for a node before its children; the names that it binds. */
  see(node: Node): readonly string[] {
    switch (node.type) {
      case 'MemberExpression':
        this.#member(node)
        break
      case 'ImportExpression':
        this.#expression(node, literalOf(node.source), 'dynamic')
        break
      case 'CallExpression':
        return this.#call(node)
      case 'NewExpression':
        this.#url(node)
        break
      case 'TSImportType':
        this.#importType(node)
        break
      default:
    }
    return []
  }

  #member(node: Node & { type: 'MemberExpression' }): void {
    const loaded = loadedBy(node)
    if (loaded === null || loaded.member === null || this.#hints.has(loaded.node)) return
    this.#hints.set(loaded.node, [{ imported: loaded.member, local: null, exportedAs: null }])
  }

  #call(node: CallExpression): readonly string[] {
    const [argument] = node.arguments
    const { callee } = node
    if (callee.type === 'Identifier') {
      if (callee.name === 'require' && argument !== undefined) this.#expression(node, literalOf(argument), 'require')
      if (callee.name === '__exportStar' && argument !== undefined && argument.type !== 'SpreadElement')
        this.reexported(argument, '*')
      return []
    }
    const name = memberName(callee)
    if (callee.type !== 'MemberExpression' || name === null || argument === undefined) return []
    const object = callee.object
    if (name === 'then' && object.type === 'ImportExpression') return this.#then(object, argument)
    if (
      name === 'resolve' &&
      (object.type === 'MetaProperty' || (object.type === 'Identifier' && object.name === 'require'))
    ) {
      this.#expression(node, literalOf(argument), 'url')
    } else if (MOCKS.get(mockerName(object) ?? '')?.has(name) === true) this.#mock(node, argument)
    return []
  }

  #url(node: NewExpression): void {
    if (!isModuleUrl(node)) return
    const specifier = literalOf(node.arguments[0])
    if (specifier === null || !DIRECTORY_URL.test(specifier)) this.#expression(node, specifier, 'url')
  }

  #then(imported: Node, callback: Node): readonly string[] {
    const names = callbackNames(callback)
    if (names !== null) this.#hints.set(imported, names)
    return names?.flatMap(({ local }) => local ?? []) ?? []
  }

  #mock(node: CallExpression, argument: Node): void {
    const imported = argument.type === 'ImportExpression' ? argument : null
    if (imported !== null) this.#hints.set(imported, null)
    this.#expression(node, literalOf(imported?.source ?? argument), 'mock')
  }

  #importType(node: TSImportType): void {
    let name = node.qualifier
    while (name?.type === 'TSQualifiedName') name = name.left
    this.#add(node.source.value, 'import', node.start, [{ ...ALL, imported: name?.name ?? '*' }], true)
  }

  #expression(node: Node, specifier: string | null, kind: ImportKind): void {
    const names = this.#hints.get(node)
    if (names !== null) this.#add(specifier, kind, node.start, names ?? [ALL], false)
  }

  /** One name for each name under which it is exported again. */
  #exported(imported: string, local: string | null, ambient: boolean): ImportedName[] {
    const exports = ambient || local === null ? [] : (this.#exports.get(local) ?? [])
    return (exports.length === 0 ? [null] : exports).map((exportedAs) => ({ imported, local, exportedAs }))
  }

  #split(
    node: ImportDeclaration | ExportNamedDeclaration,
    kind: ImportKind,
    typeOnly: boolean,
    names: readonly ImportedName[],
    types: readonly ImportedName[],
  ): void {
    const specifier = node.source?.value ?? null
    if (names.length > 0 || types.length === 0) this.#add(specifier, kind, node.start, names, typeOnly)
    if (types.length > 0) this.#add(specifier, kind, node.start, types, true)
  }

  #add(
    specifier: string | null,
    kind: ImportKind,
    offset: number,
    names: readonly ImportedName[],
    typeOnly: boolean,
  ): void {
    this.facts.push({ specifier, kind, typeOnly, line: this.#source.lineAt(offset), names })
  }
}

function nameOf(name: ModuleExportName): string {
  return name.type === 'Literal' ? name.value : name.name
}

/** `require('x')`, `await import('x')`, or a member of it. */
function loadedBy(expression: Node): { node: Node; member: string | null } | null {
  const node = unwrap(expression)
  if (isRequire(node)) return { node, member: null }
  if (node.type === 'AwaitExpression') {
    const argument = unwrap(node.argument)
    return argument.type === 'ImportExpression' ? { node: argument, member: null } : null
  }
  const member = memberName(node)
  if (member === null || node.type !== 'MemberExpression') return null
  const object = unwrap(node.object)
  const loaded = object.type === 'MemberExpression' ? null : loadedBy(object)
  return loaded === null ? null : { node: loaded.node, member }
}

function isRequire(node: Node): boolean {
  return (
    node.type === 'CallExpression' &&
    node.callee.type === 'Identifier' &&
    node.callee.name === 'require' &&
    node.arguments.length > 0
  )
}

/** `new URL('./x', import.meta.url)` */
function isModuleUrl(node: NewExpression): boolean {
  const [, base] = node.arguments
  return (
    node.callee.type === 'Identifier' &&
    node.callee.name === 'URL' &&
    base?.type === 'MemberExpression' &&
    base.object.type === 'MetaProperty' &&
    memberName(base) === 'url'
  )
}

/** Node passes its `mock` to a test, as `t.mock`; the others are objects of their own. */
function mockerName(node: Node): string | null {
  if (node.type === 'Identifier') return node.name
  return memberName(node) === 'mock' ? 'mock' : null
}
