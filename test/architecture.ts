import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/**
 * The rules of the house, as data and pure functions over a set of source files. The test runs them over `src`
 * and over fixtures that break each rule once.
 */
export interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string
  readonly text: string
}
export interface Violation {
  readonly rule: string
  readonly path: string
  readonly what: string
}

/** What each layer may import besides itself. `npm` lists the allowed packages; null allows any. */
const LAYERS: Record<string, { readonly may: readonly string[]; readonly npm: readonly string[] | null }> = {
  contract: { may: [], npm: ['zod', 'eventsource-parser/stream'] },
  kernel: { may: ['contract'], npm: null },
  platform: { may: ['kernel', 'contract'], npm: null },
  domains: { may: ['platform', 'kernel', 'contract'], npm: null },
  pipelines: { may: ['domains', 'platform', 'kernel', 'contract'], npm: null },
  'surfaces/rest': { may: ['kernel', 'contract'], npm: null },
  'surfaces/mcp': { may: ['kernel', 'contract'], npm: null },
  'surfaces/cli': { may: ['contract'], npm: null },
  'surfaces/web': { may: ['contract'], npm: null },
  sandbox: { may: ['contract'], npm: null },
  app: {
    may: [
      'contract',
      'kernel',
      'platform',
      'domains',
      'pipelines',
      'surfaces/rest',
      'surfaces/mcp',
      'surfaces/cli',
      'surfaces/web',
      'sandbox',
    ],
    npm: null,
  },
}

/** Edges between domains and pipelines, always by the front door: from → to. */
const EDGES: readonly (readonly [string, string])[] = [
  ['domains/identity', 'domains/audit'],
  ['domains/identity', 'domains/idempotency'],
  ['domains/identity', 'domains/limits'],
  ['domains/alerts', 'domains/audit'],
  ['domains/alerts', 'domains/identity'],
  ['domains/reconcile', 'domains/audit'],
  ['domains/reconcile', 'domains/billing'],
  ['domains/reconcile', 'domains/credits'],
  ['domains/reconcile', 'domains/findings'],
  ['domains/reconcile', 'domains/identity'],
  ['domains/reconcile', 'domains/limits'],
  ['domains/members', 'domains/audit'],
  ['domains/members', 'domains/identity'],
  ['domains/members', 'domains/limits'],
  ['domains/billing', 'domains/audit'],
  ['domains/billing', 'domains/credits'],
  ['domains/billing', 'domains/findings'],
  ['domains/billing', 'domains/identity'],
  ['domains/billing', 'domains/limits'],
  ['domains/credits', 'domains/limits'],
  ['pipelines/engine', 'domains/credits'],
  ['pipelines/engine', 'domains/limits'],
  ['pipelines/code', 'domains/limits'],
  ['pipelines/code', 'pipelines/engine'],
]

/** Each table and the domain in whose SQL alone it is named. Every domain may refer to organisations by key only. */
export const TABLES: Record<string, string> = {
  organizations: 'domains/identity',
  api_keys: 'domains/identity',
  auth_epoch: 'domains/identity',
  onboardings: 'domains/identity',
  organization_closings: 'domains/identity',
  findings: 'domains/findings',
  orphans: 'domains/findings',
  org_activity: 'domains/alerts',
  alerts: 'domains/alerts',
  reconciliations: 'domains/reconcile',
  reconcile_lease: 'domains/reconcile',
  billing_accounts: 'domains/billing',
  billing_subscriptions: 'domains/billing',
  stripe_events: 'domains/billing',
  credit_accounts: 'domains/credits',
  credit_grants: 'domains/credits',
  credit_holds: 'domains/credits',
  credit_entries: 'domains/credits',
  org_limits: 'domains/limits',
  org_usage: 'domains/limits',
  rate_windows: 'domains/limits',
  caller_windows: 'domains/limits',
  idempotency_records: 'domains/idempotency',
  audit_heads: 'domains/audit',
  audit_entries: 'domains/audit',
  runs: 'pipelines/engine',
  chunks: 'pipelines/engine',
  run_logs: 'pipelines/engine',
  workers: 'pipelines/engine',
  schedules: 'pipelines/engine',
  repositories: 'pipelines/code',
  code_shards: 'pipelines/code',
  code_symbols: 'pipelines/code',
  code_blobs: 'pipelines/code',
  code_edges: 'pipelines/code',
  code_entry_points: 'pipelines/code',
  code_facts: 'pipelines/code',
  code_files: 'pipelines/code',
  code_modules: 'pipelines/code',
  repository_credentials: 'pipelines/code',
  members: 'domains/members',
  invitations: 'domains/members',
  issuer_identities: 'domains/issuers',
  revoked_tokens: 'domains/issuers',
  revocation_epoch: 'domains/issuers',
  users: 'domains/accounts',
  user_sessions: 'domains/accounts',
  user_accounts: 'domains/accounts',
  verifications: 'domains/accounts',
  two_factors: 'domains/accounts',
  mails: 'platform/mail',
  projects: 'pipelines/code',
  project_repositories: 'pipelines/code',
}

/** A text that may stand only in the named places. */
const CONFINED: readonly { readonly rule: string; readonly pattern: RegExp; readonly only: readonly string[] }[] = [
  { rule: 'environment', pattern: /\bprocess\.env\b/, only: ['src/app/config.ts'] },
  { rule: 'network', pattern: /(?<![.\w])fetch\(|from 'undici'/, only: ['src/platform/http/'] },
  {
    rule: 'tracing',
    pattern: /(?:from|import\()\s*'@opentelemetry\//,
    only: ['src/kernel/trace.ts', 'src/platform/telemetry/'],
  },
  { rule: 'decryption', pattern: /\bcreateDecipheriv\b/, only: ['src/platform/kms/'] },
]

export function checkSources(sources: readonly Source[]): Violation[] {
  if (sources.length === 0) throw new Error('the architecture check has read no file')
  const production = sources.filter(({ path }) => !/\.test(-d)?\.tsx?$/.test(path))
  return [
    ...production.flatMap(checkImports),
    ...production.flatMap(checkConfined),
    ...production.filter(({ path }) => path.endsWith('.sql.ts')).flatMap(checkTables),
    ...checkCycles(production),
  ]
}

export function importsOf(source: Source): string[] {
  const code = source.text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return [...code.matchAll(/(?<!')(?:\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g)].map((match) => match[1] ?? '')
}

function checkImports(source: Source): Violation[] {
  const layer = layerOf(source.path)
  if (layer === undefined) return [{ rule: 'place', path: source.path, what: 'belongs to no layer' }]
  const allowed = LAYERS[layer]
  return importsOf(source).flatMap((specifier) => {
    const found = (rule: string, what: string): Violation[] => [{ rule, path: source.path, what }]
    if (!specifier.startsWith('.')) {
      const outside = !specifier.startsWith('node:') || layer === 'contract'
      return outside && allowed?.npm && !allowed.npm.includes(specifier) ? found('packages', specifier) : []
    }
    const target = targetOf(source, specifier)
    const targetLayer = layerOf(target)
    if (targetLayer === undefined) return target.startsWith('src/') ? found('layers', target) : []
    if (targetLayer !== layer && !allowed?.may.includes(targetLayer)) return found('layers', target)
    return checkEdge(source.path, target).flatMap((what) => found('edges', what))
  })
}

/** Another domain is reached only on a declared edge and by its front door. */
function checkEdge(from: string, to: string): string[] {
  const own = domainOf(from)
  const other = domainOf(to)
  if (other === undefined || own === other || from.startsWith('src/app/')) {
    return other !== undefined && own !== other && !to.endsWith('/index.ts') ? [`${to} is not a front door`] : []
  }
  if (!EDGES.some(([a, b]) => a === own && b === other)) return [`no edge from ${own ?? from} to ${other}`]
  return to.endsWith('/index.ts') ? [] : [`${to} is not a front door`]
}

function checkConfined(source: Source): Violation[] {
  const code = source.text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  return CONFINED.filter(
    ({ pattern, only }) => pattern.test(code) && !only.some((place) => source.path.startsWith(place)),
  ).map(({ rule, pattern }) => ({ rule, path: source.path, what: pattern.source }))
}

function checkTables(source: Source): Violation[] {
  const own = /^src\/((?:domains|pipelines|platform)\/[^/]+)\//.exec(source.path)?.[1]
  return Object.entries(TABLES)
    .filter(
      ([table, owner]) =>
        owner !== own && new RegExp(`\\b(?:from|join|into|update|only)\\s+${table}\\b`, 'i').test(source.text),
    )
    .map(([table, owner]) => ({ rule: 'tables', path: source.path, what: `${table} belongs to ${owner}` }))
}

function checkCycles(sources: readonly Source[]): Violation[] {
  const paths = new Set(sources.map(({ path }) => path))
  const graph = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetOf(source, specifier))
        .filter((target) => paths.has(target)),
    ]),
  )
  const state = new Map<string, 'open' | 'done'>()
  const cycles: Violation[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      cycles.push({ rule: 'cycles', path, what: [...trail.slice(trail.indexOf(path)), path].join(' → ') })
      return
    }
    state.set(path, 'open')
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((layer) => path.startsWith(`src/${layer}/`))
}

function domainOf(path: string): string | undefined {
  return /^src\/((?:domains|pipelines)\/[^/]+)\//.exec(path)?.[1]
}

function targetOf(source: Source, specifier: string): string {
  return relative(resolve('/'), resolve('/', dirname(source.path), specifier))
}

export function readSource(root: string, path: string): Source {
  return { path, text: readFileSync(join(root, path), 'utf8') }
}
