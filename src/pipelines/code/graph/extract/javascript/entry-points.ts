import type { Argument, CallExpression, Class, Expression, Node } from 'oxc-parser'

import type { EntryPointFact } from '../../facts.ts'
import { literalOf, memberName, propertyValue, stringProperty, unwrap } from './nodes.ts'
import type { JavaScriptSource } from './source.ts'

const VERBS: ReadonlySet<string> = new Set(['get', 'post', 'put', 'patch', 'delete', 'options', 'head', 'all'])
/** They call a route, and so do not stand where one is defined. */
const CLIENT =
  /^(?:axios|https?|fetch|client|request|supertest|agent|superagent|ky|got|\$http|rest|nock|mock)$|(?:Client|Axios|Agent|Request|Fetch)$/
/** A router as often as a client: what it is called with decides. */
const MAYBE_CLIENT = /^api$|Api$/
/** Calls whose object literals describe a request or what a test expects. */
const REQUEST = /^(?:inject|fetch|request|\$?fetcher|expect|to[A-Z]\w*)$/
const JOB_MAKER = /^(?:define|create)(?:Pipeline|Job|Worker|Task|Cron|Schedule)$/

/** The routes and jobs of a text, in their order. */
export class EntryPointCollector {
  readonly #found: { readonly at: number; readonly fact: EntryPointFact }[] = []
  readonly #source: JavaScriptSource
  /** Object literals that define no route though they look so. */
  readonly #requests = new Set<Node>()

  constructor(source: JavaScriptSource) {
    this.#source = source
  }

  /** To be called for a node before its children. */
  see(node: Node, symbol: string | null): void {
    switch (node.type) {
      case 'CallExpression':
        this.#call(node, symbol)
        break
      case 'NewExpression': {
        const name = literalOf(node.arguments[0])
        const jobs = node.callee.type === 'Identifier' && /^(?:Worker|CronJob|Cron)$/.test(node.callee.name)
        if (jobs && name !== null && node.arguments.length > 1 && !/^[./]|\.[mc]?[jt]s$/.test(name))
          this.#job(name, node, symbol)
        break
      }
      case 'ObjectExpression':
        this.#object(node, symbol)
        break
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#controller(node, symbol)
        break
      default:
    }
  }

  #call(node: CallExpression, symbol: string | null): void {
    const callee = unwrap(node.callee)
    const name = callee.type === 'Identifier' ? callee.name : memberName(callee)
    if (name === null) return
    if (REQUEST.test(name) || CLIENT.test(name) || isClient(callee, node.arguments)) {
      for (const argument of node.arguments) this.#requests.add(argument)
    } else if (callee.type === 'MemberExpression' && VERBS.has(name)) {
      this.#route(callee.object, name, node, symbol)
    }
    const job = jobName(name, callee, node.arguments)
    if (job !== null) this.#job(job, node, symbol)
  }

  #route(receiver: Expression, verb: string, node: CallExpression, symbol: string | null): void {
    const [first] = node.arguments
    const path = literalOf(first)
    if (path !== null && /^[/*]/.test(path)) {
      if (node.arguments.length > 1 && isHandler(node.arguments.at(-1))) this.#endpoint(verb, path, null, node, symbol)
      return
    }
    const routed = routedPath(receiver)
    if (routed !== null && first !== undefined) this.#endpoint(verb, routed, null, node, symbol)
  }

  #object(node: Node, symbol: string | null): void {
    if (this.#requests.has(node)) return
    const method = propertyValue(node, 'method')
    if (method === null) return
    const path = stringProperty(node, ['path', 'url', 'route'])
    if (path === null || !path.startsWith('/')) return
    const title = stringProperty(node, ['name', 'operationId', 'id'])
    const unwrapped = unwrap(method)
    for (const item of unwrapped.type === 'ArrayExpression' ? unwrapped.elements : [unwrapped]) {
      const verb = item === null ? null : literalOf(unwrap(item))
      if (verb !== null && VERBS.has(verb.toLowerCase())) this.#endpoint(verb, path, title, node, symbol)
    }
  }

  /** NestJS: the path of the class before those of its methods. */
  #controller(node: Class, symbol: string | null): void {
    const controller = node.decorators.map(decoratorOf).find((decorator) => decorator?.name === 'Controller')
    if (controller === null || controller === undefined) return
    for (const element of node.body.body) {
      if (element.type !== 'MethodDefinition') continue
      for (const decorator of element.decorators) {
        const found = decoratorOf(decorator)
        if (found === null || !VERBS.has(found.name.toLowerCase()) || !/^[A-Z]/.test(found.name)) continue
        for (const base of controller.paths) {
          for (const path of found.paths) this.#endpoint(found.name, joinPaths(base, path), null, decorator, symbol)
        }
      }
    }
  }

  /** In the order of the text: a chain of calls is seen from its end. */
  facts(): EntryPointFact[] {
    return this.#found.toSorted((a, b) => a.at - b.at).map(({ fact }) => fact)
  }

  #endpoint(verb: string, name: string, title: string | null, node: Node, symbol: string | null): void {
    const method = verb.toLowerCase() === 'all' ? null : verb.toUpperCase()
    this.#add(node, { kind: 'endpoint', method, name, symbol, title })
  }

  #job(name: string, node: Node, symbol: string | null): void {
    this.#add(node, { kind: 'job', method: null, name, symbol, title: null })
  }

  /** Of a call in a chain, the line is that of the method: the chain begins above. */
  #add(node: Node, fact: Omit<EntryPointFact, 'line'>): void {
    const member =
      node.type === 'CallExpression' && node.callee.type === 'MemberExpression' ? node.callee.property : node
    this.#found.push({ at: member.start, fact: { ...fact, line: this.#source.lineAt(member.start) } })
  }
}

function isClient(callee: Node, parameters: readonly Argument[]): boolean {
  if (callee.type !== 'MemberExpression') return false
  const [root, nearest] = receiverNames(callee.object)
  if ([root, nearest].some((name) => name !== null && name !== undefined && CLIENT.test(name))) return true
  const last = parameters.at(-1)
  const handled = last?.type === 'ArrowFunctionExpression' || last?.type === 'FunctionExpression'
  return !handled && nearest !== null && nearest !== undefined && MAYBE_CLIENT.test(nearest)
}

/** The first name of a chain and the last that is no verb: `a` and `c` of `a.b.c`. */
function receiverNames(receiver: Node): [root: string | null, nearest: string | null] {
  let nearest: string | null = null
  let node = unwrap(receiver)
  for (;;) {
    if (node.type === 'CallExpression') node = unwrap(node.callee)
    else if (node.type === 'MemberExpression') {
      const name = memberName(node)
      if (name !== null && !VERBS.has(name)) nearest ??= name
      node = unwrap(node.object)
    } else {
      const root = node.type === 'Identifier' ? node.name : null
      return [root, nearest ?? root]
    }
  }
}

/** A client is given what it sends instead. */
function isHandler(argument: Argument | undefined): boolean {
  if (argument === undefined) return false
  const node = unwrap(argument)
  if (node.type === 'ObjectExpression') return propertyValue(node, 'handler') !== null
  return node.type !== 'Literal' && node.type !== 'TemplateLiteral'
}

/** `/p` of `app.route('/p').get(h)`, also further down the chain. */
function routedPath(receiver: Expression): string | null {
  let node = unwrap(receiver)
  while (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
    const name = memberName(node.callee)
    if (name === 'route') {
      const path = node.arguments.length === 1 ? literalOf(node.arguments[0]) : null
      return path?.startsWith('/') === true ? path : null
    }
    if (name === null || !VERBS.has(name)) return null
    node = unwrap(node.callee.object)
  }
  return null
}

function jobName(name: string, callee: Node, parameters: readonly Argument[]): string | null {
  const [first] = parameters
  if (first === undefined) return null
  if (callee.type === 'Identifier') {
    if (name === 'task') return stringProperty(first, ['id'])
    return JOB_MAKER.test(name) ? (literalOf(first) ?? stringProperty(first, ['id', 'name', 'queue'])) : null
  }
  if (callee.type !== 'MemberExpression') return null
  const [, receiver] = receiverNames(callee.object)
  if (name === 'createFunction') return stringProperty(first, ['id'])
  if (name === 'task') return receiver === 'schedules' ? stringProperty(first, ['id']) : null
  const receives = JOB_RECEIVERS.get(name)
  if (receives === undefined || parameters.length < 2 || receiver === null || !receives.test(receiver)) return null
  return literalOf(first)
}

const JOB_RECEIVERS: ReadonlyMap<string, RegExp> = new Map([
  ['schedule', /cron|schedul/i],
  ['work', /./],
  ['process', /queue|jobs?$|worker/i],
])

function decoratorOf(decorator: Node): { name: string; paths: readonly string[] } | null {
  if (decorator.type !== 'Decorator') return null
  const call = decorator.expression
  if (call.type !== 'CallExpression' || call.callee.type !== 'Identifier') return null
  const [first] = call.arguments
  const value = first?.type === 'ObjectExpression' ? propertyValue(first, 'path') : first
  const items = value?.type === 'ArrayExpression' ? value.elements : [value]
  const paths = items.flatMap((item) => literalOf(item) ?? [])
  return { name: call.callee.name, paths: value === undefined || value === null ? [''] : paths }
}

function joinPaths(...paths: readonly string[]): string {
  return `/${paths.flatMap((path) => path.split('/').filter((part) => part !== '')).join('/')}`
}
