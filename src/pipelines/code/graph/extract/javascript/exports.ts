import type { AssignmentExpression, Declaration, Expression, Program, Statement } from 'oxc-parser'

import { bindingNames, keyName, memberName, unwrap } from './nodes.ts'

/** The names under which a module can be imported whole: by its default, or by any name that the value has. */
export const WHOLE = ['default', '*'] as const

/** Names under which a local name is exported. */
export type Exports = ReadonlyMap<string, readonly string[]>

export function collectExports(program: Program): Exports {
  const exports = new Map<string, Set<string>>()
  const add = (local: string, ...names: readonly string[]): void => {
    const known = exports.get(local)
    if (known === undefined) exports.set(local, new Set(names))
    else for (const name of names) known.add(name)
  }
  for (const statement of program.body) collectFrom(statement, add)
  return new Map(Array.from(exports, ([local, names]) => [local, [...names]]))
}

function collectFrom(statement: Statement, add: (local: string, ...names: readonly string[]) => void): void {
  if (statement.type === 'ExportNamedDeclaration' && statement.source === null) {
    for (const name of declaredNames(statement.declaration)) add(name, name)
    for (const { local, exported } of statement.specifiers) {
      if (local.type !== 'Literal') add(local.name, exported.type === 'Literal' ? exported.value : exported.name)
    }
  } else if (statement.type === 'ExportDefaultDeclaration') {
    const { declaration } = statement
    if ('id' in declaration && declaration.id !== null) add(declaration.id.name, 'default')
    const value = unwrap(declaration)
    if (value.type === 'Identifier') add(value.name, 'default')
  } else if (statement.type === 'TSExportAssignment') {
    if (statement.expression.type === 'Identifier') add(statement.expression.name, ...WHOLE)
  } else if (statement.type === 'ExpressionStatement') {
    const assigned = commonJsAssignment(statement.expression)
    if (assigned === null) return
    const value = unwrap(assigned.value)
    if (value.type === 'Identifier') add(value.name, ...assigned.names)
    if (value.type !== 'ObjectExpression' || !assigned.names.includes('*')) return
    for (const property of value.properties) {
      if (property.type !== 'Property' || property.value.type !== 'Identifier') continue
      const name = keyName(property.key, property.computed)
      if (name !== null) add(property.value.name, name)
    }
  }
}

export function declaredNames(declaration: Declaration | null): string[] {
  if (declaration === null) return []
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => bindingNames(id))
  if (declaration.type === 'TSModuleDeclaration') {
    let { id } = declaration
    while (id.type === 'TSQualifiedName') {
      if (id.left.type === 'ThisExpression') return []
      id = id.left
    }
    return id.type === 'Identifier' && declaration.kind !== 'global' ? [id.name] : []
  }
  return declaration.id === null ? [] : [declaration.id.name]
}

interface CommonJsAssignment {
  readonly names: readonly string[]
  readonly value: Expression
}

/** `module.exports = value`, `exports.name = value`, also `a = b = value`; null for any other expression. */
export function commonJsAssignment(expression: Expression): CommonJsAssignment | null {
  const names = new Set<string>()
  let value = expression
  while (value.type === 'AssignmentExpression' && value.operator === '=') {
    for (const name of assignedNames(value)) names.add(name)
    value = value.right
  }
  return names.size === 0 ? null : { names: [...names], value }
}

function assignedNames({ left }: AssignmentExpression): readonly string[] {
  if (isModuleExports(left)) return WHOLE
  if (left.type !== 'MemberExpression') return []
  const { object } = left
  if (!isModuleExports(object) && !(object.type === 'Identifier' && object.name === 'exports')) return []
  const name = left.property.type === 'PrivateIdentifier' ? null : keyName(left.property, left.computed)
  return name === null ? [] : [name]
}

function isModuleExports(node: Expression | AssignmentExpression['left']): boolean {
  return (
    memberName(node) === 'exports' &&
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module'
  )
}
