import { parseSync } from 'oxc-parser'

/**
 * Finds where an error is dropped without a word: a `catch`, a `.catch(…)`, the second handler of a `.then(…, …)` or one of
 * `.on('error', …)` that neither looks at what it caught, nor throws, nor logs, nor says in a comment why nobody needs to know.
 */
export interface Source {
  readonly path: string
  readonly text: string
}
export interface SilentCatch {
  readonly path: string
  readonly line: number
  /** The line of the source, for the message of the test. */
  readonly code: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}
interface Handler {
  readonly node: Node
  readonly param: Node | undefined
  readonly body: Node
  /** Where a comment above it may stand: above its own line and, in a chain of calls, above the statement. */
  readonly below: readonly number[]
}

/** A word or two is no reason. */
const MIN_WORDS = 3
const DIRECTIVE = /^\s*(?:eslint|oxlint|prettier|oxfmt|@ts|v8|c8|istanbul)\b/
const LOGGER = /^(?:log|logger|console)$/
const LISTENS = /^(?:on|once|addListener)$/
const LEVEL = /^(?:debug|info|warn|error)$/
const TELLS = /^(?:say|report|reject|fail|failed|refuse|markFailed)$/

/** @throws when there is nothing to read, or what is read can not be parsed. */
export function silentCatches(sources: readonly Source[]): SilentCatch[] {
  if (sources.length === 0) throw new Error('the check for silent catches has read no file')
  return sources.flatMap(checkSource)
}

function checkSource({ path, text }: Source): SilentCatch[] {
  const { program, comments, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} can not be parsed: ${errors[0]?.message ?? ''}`)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length
  const reasons = comments.filter(
    ({ value }) => !DIRECTIVE.test(value) && value.trim().split(/\s+/).length >= MIN_WORDS,
  )
  const isExplained = ({ node, below }: Handler): boolean => {
    const last = lineOf(node.end)
    const above = below.map((offset) => lineOf(offset) - 1)
    return reasons.some(({ start, end }) => {
      const inside = start >= node.start && end <= node.end
      const beside = start >= node.end && lineOf(start) === last
      const startsLine = /(?:^|\n)[ \t]*$/.test(text.slice(0, start))
      return inside || beside || (startsLine && above.includes(lineOf(end)))
    })
  }
  return handlersIn(program as unknown as Node)
    .filter((handler) => isSilent(handler) && !isExplained(handler))
    .map(({ node }) => {
      const line = lineOf(node.start)
      return { path, line, code: text.split('\n')[line - 1]?.trim() ?? '' }
    })
}

function handlersIn(root: Node): Handler[] {
  const found: Handler[] = []
  const functions = functionsIn(root)
  const visit = (node: Node, statement: Node): void => {
    const inside = /Statement$|Declaration$/.test(node.type) && node.type !== 'BlockStatement' ? node : statement
    // What stands above `catch` is the end of the `try`.
    if (node.type === 'CatchClause')
      found.push({ node, param: asNode(node['param']), body: node['body'] as Node, below: [] })
    const given = handlerGivenTo(node, functions)
    if (given !== undefined) {
      const [param] = (given['params'] as Node[] | undefined) ?? []
      found.push({ node: given, param, body: given['body'] as Node, below: [given.start, inside.start] })
    }
    for (const child of childrenOf(node)) visit(child, inside)
  }
  visit(root, root)
  return found
}

/** A function that is written where it is given, or named in the same file. */
function handlerGivenTo(node: Node, functions: ReadonlyMap<string, Node>): Node | undefined {
  if (node.type !== 'CallExpression') return undefined
  const callee = node['callee'] as Node
  const name = callee.type === 'MemberExpression' ? (nameOf(callee['property']) ?? '') : ''
  const [first, second] = node['arguments'] as Node[]
  const listens = LISTENS.test(name) && first?.['value'] === 'error'
  const given = name === 'catch' ? first : name === 'then' || listens ? second : undefined
  return given !== undefined && isFunction(given) ? given : functions.get(nameOf(given) ?? '')
}

function isFunction({ type }: Node): boolean {
  return /^(?:Arrow)?Function/.test(type)
}

function functionsIn(root: Node): Map<string, Node> {
  const found = new Map<string, Node>()
  const visit = (node: Node): void => {
    const made = node.type === 'VariableDeclarator' ? asNode(node['init']) : node
    const name = nameOf(node['id'])
    if (name !== undefined && made !== undefined && isFunction(made)) found.set(name, made)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return found
}

function isSilent({ param, body }: Handler): boolean {
  const bound = param === undefined ? [] : namesIn(param)
  let loud = false
  const visit = (node: Node): void => {
    // To look away from something is not to look at it.
    if (
      node.type === 'UnaryExpression' &&
      node['operator'] === 'void' &&
      asNode(node['argument'])?.type === 'Identifier'
    )
      return
    if (node.type === 'ThrowStatement' || (node.type === 'CallExpression' && tells(node['callee'] as Node))) loud = true
    if (node.type === 'Identifier' && bound.includes(nameOf(node) ?? '')) loud = true
    for (const child of childrenOf(node)) visit(child)
  }
  visit(body)
  return !loud
}

function tells(callee: Node): boolean {
  if (callee.type !== 'MemberExpression') return TELLS.test(nameOf(callee) ?? '')
  const object = asNode(callee['object'])
  const owner = nameOf(object?.type === 'MemberExpression' ? object['property'] : object) ?? ''
  const method = nameOf(callee['property']) ?? ''
  return (LOGGER.test(owner) && LEVEL.test(method)) || TELLS.test(method)
}

/** The names that a parameter binds, whatever its form. */
function namesIn(node: Node): string[] {
  const own = nameOf(node)
  return [...(own === undefined ? [] : [own]), ...childrenOf(node).flatMap(namesIn)]
}

function nameOf(node: unknown): string | undefined {
  const name = asNode(node)?.type === 'Identifier' ? asNode(node)?.['name'] : undefined
  return typeof name === 'string' ? name : undefined
}

/** Without the names of properties and keys, which are no references. */
function childrenOf(node: Node): Node[] {
  const isName = (key: string): boolean =>
    node['computed'] === false &&
    ((key === 'property' && node.type === 'MemberExpression') || (key === 'key' && node.type === 'Property'))
  return Object.entries(node).flatMap(([key, value]) =>
    isName(key) ? [] : [value].flat().flatMap((one) => asNode(one) ?? []),
  )
}

function asNode(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
    ? (value as Node)
    : undefined
}
