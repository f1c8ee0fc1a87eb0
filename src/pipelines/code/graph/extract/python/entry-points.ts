import type { EntryPointFact } from '../../facts.ts'
import { argumentsOf, callAt, type PythonArguments, type PythonCall, stringOf, writtenStringOf } from './calls.ts'
import type { PythonTree } from './tree.ts'

const VERBS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'delete', 'patch', 'head', 'options', 'trace'])
const ROUTES: ReadonlySet<string> = new Set(['route', 'api_route'])
const ADDED_ROUTES: ReadonlySet<string> = new Set(['add_url_rule', 'add_api_route'])
const DJANGO_ROUTES: ReadonlySet<string> = new Set(['path', 're_path', 'url'])
const JOBS: ReadonlySet<string> = new Set([
  'shared_task',
  'task',
  'actor',
  'flow',
  'dag',
  'job',
  'periodic_task',
  'db_task',
  'db_periodic_task',
  'scheduled_job',
])

/** `symbolAt` names the top-level symbol around a node. */
export function entryPointsOf(tree: PythonTree, symbolAt: (node: number) => string | null): EntryPointFact[] {
  const found: EntryPointFact[] = []
  let routesEnd = 0
  for (let node = 0; node < tree.size; node++) {
    switch (tree.name(node)) {
      case 'AssignStatement':
      case 'UpdateStatement':
        if (tree.textOf(node + 1) === 'urlpatterns') routesEnd = tree.end(node)
        break
      case 'Decorator':
      case 'CallExpression': {
        const call = callAt(tree, node)
        if (call === null) break
        const made = tree.name(node) === 'Decorator' ? decorated(tree, call) : called(tree, call, node < routesEnd)
        const at = { symbol: symbolAt(node), line: tree.lineAt(tree.from(node)) }
        for (const entry of made) found.push({ ...entry, ...at })
        break
      }
      default:
    }
  }
  return found
}

type Entry = Pick<EntryPointFact, 'kind' | 'method' | 'name' | 'title'>

function decorated(tree: PythonTree, call: PythonCall): readonly Entry[] {
  if (JOBS.has(call.name)) return jobOf(tree, call)
  const given = argumentsOf(tree, call)
  const name = pathIn(tree, given)
  if (name === null) return []
  const title = stringOf(tree, given.keywords.get('operation_id') ?? given.keywords.get('name'))
  if (VERBS.has(call.name)) return [{ kind: 'endpoint', method: call.name.toUpperCase(), name, title }]
  if (call.name === 'websocket') return [{ kind: 'endpoint', method: null, name, title }]
  return ROUTES.has(call.name) ? routesOf(tree, given, name, title) : []
}

/** The empty path is that of a router's prefix. Others that begin otherwise belong to mocks and caches. */
function pathIn(tree: PythonTree, { positional, keywords }: PythonArguments): string | null {
  const path = writtenStringOf(tree, positional[0] ?? keywords.get('path') ?? keywords.get('rule'))
  if (path === null) return null
  return path.value === '' || path.value.startsWith('/') || (path.computed && path.value.startsWith('{'))
    ? path.value
    : null
}

function routesOf(tree: PythonTree, { keywords }: PythonArguments, name: string, title: string | null): Entry[] {
  const given = keywords.get('methods')
  const route = (method: string | null): Entry => ({ kind: 'endpoint', method, name, title })
  if (given === undefined) return [route('GET')]
  const listed = /^(?:Array|Tuple|Set)Expression$/.test(tree.name(given)) ? tree.children(given) : [given]
  const methods = listed.flatMap((child) => stringOf(tree, child)?.toUpperCase() ?? [])
  return methods.length === 0 ? [route(null)] : [...new Set(methods)].map(route)
}

function jobOf(tree: PythonTree, call: PythonCall): readonly Entry[] {
  const { keywords } = argumentsOf(tree, call)
  const named = stringOf(tree, keywords.get('name') ?? keywords.get('actor_name') ?? keywords.get('dag_id'))
  const statement = tree.parent(call.node)
  const definition = tree
    .children(statement)
    .find((child) => tree.name(child) === 'FunctionDefinition' || tree.name(child) === 'ClassDefinition')
  const own = definition === undefined ? -1 : tree.child(definition, 'VariableName')
  const name = named ?? (own === -1 ? null : tree.textOf(own))
  return name === null ? [] : [{ kind: 'job', method: null, name, title: null }]
}

function called(tree: PythonTree, call: PythonCall, inRoutes: boolean): readonly Entry[] {
  if (ADDED_ROUTES.has(call.name)) {
    const given = argumentsOf(tree, call)
    const name = pathIn(tree, given)
    return name === null ? [] : routesOf(tree, given, name, null)
  }
  if (!inRoutes || !DJANGO_ROUTES.has(call.name)) return []
  const { positional, keywords } = argumentsOf(tree, call)
  const route = writtenStringOf(tree, positional[0] ?? keywords.get('route'))
  const view = positional[1] ?? keywords.get('view')
  if (route === null || view === undefined || isInclude(tree, view)) return []
  const name = route.value.startsWith('/') ? route.value : `/${route.value}`
  return [{ kind: 'endpoint', method: null, name, title: stringOf(tree, keywords.get('name')) }]
}

/** The routes of another module are found there. */
function isInclude(tree: PythonTree, view: number): boolean {
  return tree.name(view) === 'CallExpression' && callAt(tree, view)?.name === 'include'
}
