import type { PythonTree } from './tree.ts'

/** `text` as parsed for `tree`, changed where the grammar does not know what Python allows. Its length stays. */
export function repair(tree: PythonTree, text: string): string {
  const patches = new Map<number, string>()
  for (const error of tree.errors) if (!isHarmless(tree, error)) patchesFor(tree, text, error, patches)
  if (patches.size === 0) return text
  let repaired = ''
  let from = 0
  for (const [at, patch] of [...patches].toSorted(([left], [right]) => left - right)) {
    if (at < from) continue
    repaired += text.slice(from, at) + patch
    from = at + patch.length
  }
  return repaired + text.slice(from)
}

/** Of what is right but unknown to the grammar, where the tree around it is right all the same. */
export function isHarmless(tree: PythonTree, error: number): boolean {
  const parent = tree.parent(error)
  const next = tree.text
    .slice(tree.from(error), tree.from(error) + 20)
    .trimStart()
    .charAt(0)
  switch (tree.name(parent)) {
    // A bare `yield`.
    case 'YieldExpression':
    case 'YieldStatement':
      return tree.from(error) === tree.to(error)
    // `case Point():`, `case []:` and `case {}:`
    case 'LiteralPattern':
      return next === ')' || next === ']'
    case 'MappingPattern':
      return next === '}'
    // `print >> file, …` of Python 2
    case 'PrintStatement':
      return next === '>'
    default:
      return false
  }
}

function patchesFor(tree: PythonTree, text: string, error: number, patches: Map<number, string>): void {
  const at = tree.from(error)
  const parent = tree.parent(error)
  const inside = tree.name(parent)
  const before = text.slice(Math.max(0, at - 40), at)
  const after = text.slice(at, at + 40)
  if (inside === 'Decorator' || tree.name(tree.parent(error) - 1) === 'Decorator') {
    const decorator = inside === 'Decorator' ? parent : parent - 1
    if (text.startsWith('@', tree.from(decorator))) patches.set(tree.from(decorator), '~')
    return
  }
  if (inside.startsWith('TypeParam') && /^\s*=/.test(after)) {
    patches.set(at, ' '.repeat(defaultLength(text, at)))
    return
  }
  const digit = /\d\.\s*$/.exec(before)
  if (digit !== null) {
    patches.set(at - before.length + digit.index + 1, '0')
    return
  }
  if (inside === 'WithStatement') patchTargets(tree, parent, patches)
  if (/^\s*as\b/.test(after) && withAbove(tree, parent)) patchItems(text, at, patches)
  const star = /^\s*\*{1,2}(?=[\w([])/.exec(after)
  if (star !== null) patches.set(at + star[0].lastIndexOf('*'), ' ')
  else if (/\*\s*$/.test(before)) patches.set(at - before.length + before.lastIndexOf('*'), ' ')
  if (inside === 'ParamList' && after.startsWith('/')) patches.set(at, '_')
  const template = /(?<!\w)(?:[rR]?([tT])|([tT])[rR])$/.exec(before)
  if (template !== null && /^["']/.test(after))
    patches.set(at - before.length + template.index + template[0].toLowerCase().indexOf('t'), 'f')
}

/** `class Box[T = int]`: how long the default is. */
function defaultLength(text: string, at: number): number {
  let depth = 0
  for (let end = at; end < text.length && end < at + 1_000; end++) {
    const character = text.charAt(end)
    if (depth === 0 && /[,\]]/.test(character)) return end - at
    if (/[[(]/.test(character)) depth++
    else if (/[\])]/.test(character)) depth--
  }
  return 1
}

/** `with a as (b, c):` and `with a as b.c:` are read as `with a, (b, c):`. */
function patchTargets(tree: PythonTree, statement: number, patches: Map<number, string>): void {
  for (const node of tree.children(statement)) if (tree.name(node) === 'as') patches.set(tree.from(node), ' ,')
}

function withAbove(tree: PythonTree, node: number): boolean {
  let at = node
  for (let level = 0; at !== -1 && level < 8; level++, at = tree.parent(at))
    if (tree.name(at) === 'WithStatement') return true
  return false
}

/** `with (a as b, c as d):` is read as `with (a, b, c, d):`. */
function patchItems(text: string, start: number, patches: Map<number, string>): void {
  let depth = 0
  ITEM_TOKEN.lastIndex = start
  for (let found = ITEM_TOKEN.exec(text); found !== null; found = ITEM_TOKEN.exec(text)) {
    const [token] = found
    if (/^[([{]$/.test(token)) depth++
    else if (/^[)\]}]$/.test(token)) depth--
    else if (token === 'as' && depth === 0) patches.set(found.index, ' ,')
    if (depth < 0 || found.index > start + 10_000) return
  }
}

const ITEM_TOKEN = /#[^\n]*|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\bas\b|[([{)\]}]/g
