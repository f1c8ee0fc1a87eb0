import type { Decorator, Function, ArrowFunctionExpression, Class, Node, VariableDeclarator } from 'oxc-parser'

import { unwrap } from './nodes.ts'
import type { JavaScriptSource } from './source.ts'

/** More of a definition does not get into a signature. In UTF-16 units. */
const MAX_SPAN = 4000
/** Longest text of a value in a signature. In UTF-16 units. */
const MAX_VALUE = 200

export interface Decorated {
  readonly start: number
  readonly end: number
  readonly decorators?: readonly Decorator[]
}

/** Where a definition starts without its decorators. */
export function undecoratedStart(node: Decorated): number {
  return Math.max(node.start, node.decorators?.at(-1)?.end ?? 0)
}

/** Where it starts with them: they may stand before `export`. */
export function decoratedStart(node: Decorated): number {
  return Math.min(node.start, node.decorators?.[0]?.start ?? node.start)
}

/** The text up to the body, if there is one. */
export function headerText(source: JavaScriptSource, start: number, end: number, body: Node | null): string {
  const stop = Math.min(body?.start ?? end, start + MAX_SPAN)
  return source.plain(start, stop).replace(/(?:=>\s*\(*|;)\s*$/, '')
}

/** A function or class in a value, whose body the signature ends before. */
export function bodyOf(value: Node | null): Node | null {
  if (value === null) return null
  const node = unwrap(value)
  return isFunction(node) || node.type === 'ClassExpression' || node.type === 'ClassDeclaration' ? node.body : null
}

export function isFunction(node: Node): node is Function | ArrowFunctionExpression {
  return (
    node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression' || node.type === 'FunctionDeclaration'
  )
}

export function isClass(node: Node): node is Class {
  return node.type === 'ClassExpression' || node.type === 'ClassDeclaration'
}

/** Of a constant or variable: `const f = (a: A): B`, `const x: T`, `const x = 1`. */
export function declaratorText(source: JavaScriptSource, keyword: string, node: VariableDeclarator): string {
  const body = bodyOf(node.init)
  if (body !== null) return `${keyword} ${headerText(source, node.start, node.end, body)}`
  const annotated =
    'typeAnnotation' in node.id && node.id.typeAnnotation !== null && node.id.typeAnnotation !== undefined
  if (annotated)
    return `${keyword} ${source.plain(node.id.start, Math.max(node.id.end, node.id.typeAnnotation?.end ?? 0))}`
  return valueText(source, `${keyword} `, node.start, node.end)
}

/** The beginning of a text whose whole is a value. */
export function valueText(source: JavaScriptSource, prefix: string, start: number, end: number): string {
  const text = source
    .plain(start, Math.min(end, start + MAX_SPAN))
    .replaceAll(/\s+/g, ' ')
    .trim()
  return prefix + text.slice(0, MAX_VALUE)
}
