import type { PythonTree } from './tree.ts'

/** A call or the decorator of a definition. */
export interface PythonCall {
  readonly node: number
  /** Last name of what is called: `get` of `app.get(…)`. */
  readonly name: string
  /** What stands before the name: `app`. Empty when it is the whole. */
  readonly receiver: string
  /** The list of arguments; -1 when a decorator has none. */
  readonly list: number
}

export interface PythonArguments {
  /** Those before the first `*`. */
  readonly positional: readonly number[]
  readonly keywords: ReadonlyMap<string, number>
}

/** Longer ones are no names of modules or objects. */
const MAX_RECEIVER = 200

/** null for what has no name: `table[key]()`. */
export function callAt(tree: PythonTree, node: number): PythonCall | null {
  return tree.name(node) === 'Decorator' ? decoratorAt(tree, node) : plainCallAt(tree, node)
}

function plainCallAt(tree: PythonTree, node: number): PythonCall | null {
  const list = tree.child(node, 'ArgList')
  const callee = node + 1
  if (list === -1) return null
  if (tree.name(callee) === 'VariableName') return { node, name: tree.textOf(callee), receiver: '', list }
  const last = list - 1
  if (tree.name(callee) !== 'MemberExpression' || tree.name(last) !== 'PropertyName') return null
  return { node, name: tree.textOf(last), receiver: receiverIn(tree, tree.from(callee), tree.from(last)), list }
}

function decoratorAt(tree: PythonTree, node: number): PythonCall | null {
  const names = tree.children(node).filter((child) => tree.name(child) === 'VariableName')
  const [first, last] = [names.at(0), names.at(-1)]
  if (first === undefined || last === undefined) return null
  const receiver = receiverIn(tree, tree.from(first), tree.from(last))
  return { node, name: tree.textOf(last), receiver, list: tree.child(node, 'ArgList') }
}

function receiverIn(tree: PythonTree, from: number, to: number): string {
  const text = to - from > MAX_RECEIVER ? tree.text.slice(to - MAX_RECEIVER, to) : tree.text.slice(from, to)
  return text.replaceAll(/\s+/g, '').replace(/\.$/, '')
}

export function argumentsOf(tree: PythonTree, { list }: PythonCall): PythonArguments {
  const positional: number[] = []
  const keywords = new Map<string, number>()
  let segment: number[] = []
  let open = true
  const close = (): void => {
    const [first, operator, value] = segment
    if (first !== undefined && operator !== undefined && tree.name(operator) === 'AssignOp') {
      if (value !== undefined) keywords.set(tree.textOf(first), value)
    } else if (first !== undefined && segment.length === 1 && open) positional.push(first)
    else if (first !== undefined) open = false
    segment = []
  }
  for (const child of list === -1 ? [] : tree.children(list)) {
    const kind = tree.name(child)
    if (kind === ',' || kind === ')') close()
    else if (kind !== '(') segment.push(child)
  }
  close()
  return { positional, keywords }
}

/** The value of a text, also of one in several pieces; null for others and for what is computed. */
export function stringOf(tree: PythonTree, node: number | undefined): string | null {
  const written = writtenStringOf(tree, node)
  return written === null || written.computed ? null : written.value
}

/** Of what is computed the text as written, with its braces. */
export function writtenStringOf(
  tree: PythonTree,
  node: number | undefined,
): { readonly value: string; readonly computed: boolean } | null {
  if (node === undefined) return null
  const kind = tree.name(node)
  if (kind === 'ParenthesizedExpression') {
    const [, inner] = tree.children(node)
    return inner !== undefined && tree.name(inner).endsWith('String') ? writtenStringOf(tree, inner) : null
  }
  if (kind !== 'ContinuedString') return pieceOf(tree, node)
  let value = ''
  let computed = false
  for (const child of tree.children(node)) {
    const piece = pieceOf(tree, child)
    if (piece === null) return null
    value += piece.value
    computed ||= piece.computed
  }
  return { value, computed }
}

function pieceOf(tree: PythonTree, node: number) {
  const kind = tree.name(node)
  if (kind !== 'String' && kind !== 'FormatString') return null
  const text = tree.textOf(node)
  const opening = OPENING.exec(text)
  const [, prefix = '', quote = ''] = opening ?? []
  const start = prefix.length + quote.length
  if (quote === '' || /[bB]/.test(prefix) || text.length < start + quote.length || !text.endsWith(quote)) return null
  const inner = text.slice(start, text.length - quote.length)
  const value = /[rR]/.test(prefix) || !inner.includes('\\') ? inner : inner.replaceAll(ESCAPE, unescapeOne)
  return { value, computed: tree.child(node, 'FormatReplacement') !== -1 }
}

const OPENING = /^([a-zA-Z]{0,2})("""|'''|"|')/
const ESCAPE = /\\(\r?\n|[\s\S])/g
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['\n', ''],
  ['\r\n', ''],
])

function unescapeOne(whole: string, escaped: string): string {
  return ESCAPED.get(escaped) ?? whole
}
