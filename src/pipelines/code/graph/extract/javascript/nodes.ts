import type { BindingPattern, Expression, Node, ParamPattern, PropertyKey } from 'oxc-parser'

/** The value of a string, or of a template without expressions. */
export function literalOf(node: Node | null | undefined): string | null {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : null
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return null
  return node.quasis[0]?.value.cooked ?? null
}

/** An expression without the types, assertions and parentheses around it. */
export function unwrap(node: Node): Node {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'ChainExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
      return unwrap(node.expression)
    default:
      return node
  }
}

/** null for a private name and for one that is computed from more than a literal. */
export function keyName(key: PropertyKey, computed: boolean): string | null {
  if (key.type === 'Identifier') return computed ? null : key.name
  if (key.type === 'Literal')
    return typeof key.value === 'string' || typeof key.value === 'number' ? String(key.value) : null
  return computed ? literalOf(key) : null
}

/** The name of a member that is not computed: `b` of `a.b`. */
export function memberName(node: Node): string | null {
  return node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier'
    ? node.property.name
    : null
}

/** The string that an object literal has under one of the names; the first of them counts. */
export function stringProperty(node: Node, names: readonly string[]): string | null {
  for (const name of names) {
    const value = literalOf(propertyValue(node, name))
    if (value !== null) return value
  }
  return null
}

export function propertyValue(node: Node, name: string): Expression | null {
  if (node.type !== 'ObjectExpression') return null
  for (const property of node.properties) {
    if (property.type === 'Property' && keyName(property.key, property.computed) === name) return property.value
  }
  return null
}

export function bindingNames(pattern: BindingPattern | ParamPattern | null, into: string[] = []): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      into.push(pattern.name)
      break
    case 'AssignmentPattern':
      bindingNames(pattern.left, into)
      break
    case 'RestElement':
      bindingNames(pattern.argument, into)
      break
    case 'TSParameterProperty':
      bindingNames(pattern.parameter, into)
      break
    case 'ArrayPattern':
      for (const element of pattern.elements) bindingNames(element, into)
      break
    case 'ObjectPattern':
      for (const property of pattern.properties)
        bindingNames(property.type === 'Property' ? property.value : property, into)
      break
    default:
  }
  return into
}
