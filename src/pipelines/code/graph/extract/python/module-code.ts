import { digestOf, type ModuleFacts } from '../../facts.ts'
import type { Definition } from './symbols.ts'
import type { PythonTree } from './tree.ts'

/** Values that are the same whenever they are worked out. */
const INERT: ReadonlySet<string> = new Set(['String', 'Number', 'Boolean', 'None', 'LambdaExpression'])

interface Told {
  readonly node: number
  /** What is put in its place within a block. */
  readonly mark: string
}

/** What of a module is neither a definition nor an import, and the order in which it is loaded. */
export function moduleCodeOf(tree: PythonTree, definitions: readonly Definition[]): ModuleFacts {
  const told = toldIn(tree, definitions)
  const pieces: string[] = []
  const texts: string[] = []
  const order = definitions
    .filter((one) => !isInert(tree, one))
    .map(({ node, names }) => ({ node, name: nameOf(names) }))
  let next = 0
  for (const statement of tree.size === 0 ? [] : tree.children(0)) {
    const [start, end] = [tree.from(statement), tree.lastTo(statement)]
    texts.push(tree.fold(start, end))
    const inside: Told[] = []
    for (let one = told[next]; one !== undefined && one.node < tree.end(statement); one = told[++next]) inside.push(one)
    const piece = untold(tree, { start, end }, inside)
    if (piece === '') continue
    order.push({ node: statement, name: `#${pieces.length}` })
    pieces.push(piece)
  }
  return {
    digest: digestOf(pieces.join('\n')),
    loadOrder: order.toSorted((a, b) => a.node - b.node).map(({ name }) => name),
    textDigest: digestOf(texts.toSorted().join('\n')),
  }
}

/** In the order of the text, none within another. */
function toldIn(tree: PythonTree, definitions: readonly Definition[]): readonly Told[] {
  const told: Told[] = []
  let next = 0
  for (let node = 0; node < tree.size;) {
    const definition = definitions[next]
    const isDefinition = definition?.node === node
    if (isDefinition) next++
    if (isDefinition) told.push({ node, mark: isNested(tree, node) ? `${nameOf(definition.names)}${TOLD}` : TOLD })
    else if (tree.name(node) === 'ImportStatement') told.push({ node, mark: TOLD })
    const isWhole = isDefinition || OPAQUE.has(tree.name(node))
    node = isWhole ? tree.end(node) : node + 1
  }
  return told
}

/** What runs in them is of the module, but their imports are not told for it. */
const OPAQUE: ReadonlySet<string> = new Set(['FunctionDefinition', 'ClassDefinition', 'LambdaExpression'])

function isNested(tree: PythonTree, node: number): boolean {
  let parent = tree.parent(node)
  if (tree.name(parent) === 'StatementGroup') parent = tree.parent(parent)
  return parent !== 0
}

function nameOf(names: Definition['names']): string {
  return names.map(({ name }) => name).join(',')
}

const TOLD = '\uE000'
const NOTHING = /^[\uE000\s;]*$/
const REPEATED = /([\s;]*\uE000)\1+/g

function untold(tree: PythonTree, { start, end }: { start: number; end: number }, told: readonly Told[]): string {
  if (told.length === 0) return tree.fold(start, end)
  const gaps = told.map(({ node, mark }) => ({
    start: tree.from(node),
    end: tree.lastTo(node),
    put: mark,
  }))
  const rest = tree.fold(start, end, gaps).replaceAll(REPEATED, '$1')
  return NOTHING.test(rest) ? '' : rest
}

/** Functions run when they are called, unless they are decorated. */
function isInert(tree: PythonTree, { node }: Definition): boolean {
  const kind = tree.name(node)
  if (kind === 'FunctionDefinition' || kind === 'TypeDefinition') return true
  return kind === 'AssignStatement' && INERT.has(tree.name(tree.children(node).at(-1) ?? -1))
}
