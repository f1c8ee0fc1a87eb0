import { type BindingPattern, type Node, type ParamPattern, visitorKeys } from 'oxc-parser'

import type { ImportedName } from '../../facts.ts'
import { bindingNames, keyName, memberName } from './nodes.ts'

/** What a pattern takes out of a module, or out of one member of it. */
export function patternNames(pattern: BindingPattern | ParamPattern, member: string | null): ImportedName[] {
  const whole = member ?? '*'
  if (pattern.type !== 'ObjectPattern' || member !== null) {
    const locals = bindingNames(pattern)
    return locals.length === 0 ? [named(whole, null)] : locals.map((local) => named(whole, local))
  }
  return pattern.properties.flatMap((property) => {
    if (property.type === 'RestElement') return bindingNames(property).map((local) => named('*', local))
    const imported = keyName(property.key, property.computed) ?? '*'
    return bindingNames(property.value).map((local) => named(imported, local))
  })
}

/** What the callback of `import('x').then(…)` takes; null when that cannot be told. */
export function callbackNames(callback: Node): ImportedName[] | null {
  if (callback.type !== 'ArrowFunctionExpression' && callback.type !== 'FunctionExpression') return null
  const [parameter] = callback.params
  if (parameter === undefined) return []
  if (parameter.type === 'ObjectPattern') return patternNames(parameter, null)
  if (parameter.type !== 'Identifier' || callback.body === null) return null
  const members = new Set<string>()
  if (!membersOnly(callback.body, parameter.name, members)) return null
  return [...members].map((member) => named(member, null))
}

function named(imported: string, local: string | null): ImportedName {
  return { imported, local, exportedAs: null }
}

/** Whether `name` is used for its members alone, which it collects. */
function membersOnly(node: Node, name: string, members: Set<string>): boolean {
  if (node.type === 'Identifier') return node.name !== name
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === name) {
    const member = memberName(node)
    if (member !== null) members.add(member)
    return member !== null
  }
  return childrenOf(node).every((child) => membersOnly(child, name, members))
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key]
    if (Array.isArray(value)) children.push(...value.filter((item) => item !== null))
    else if (value !== null && value !== undefined) children.push(value)
  }
  return children
}
