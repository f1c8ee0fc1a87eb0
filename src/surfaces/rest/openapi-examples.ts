import { z } from 'zod'
import type { Operation, Part } from '../../contract/operation.ts'

/** Examples of requests and answers: of one small organisation, the one that `npm start` makes. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly additionalProperties?: unknown
  readonly enum?: readonly Json[]
  readonly const?: Json
  readonly default?: Json
  readonly example?: Json
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly required?: readonly string[]
}

/** What is given in a request beyond the fields that have to be. */
const REQUESTS: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  'organizations.onboard': { slug: 'acme', name: 'Acme', plan: 'team' },
  'organizations.create': { slug: 'acme', name: 'Acme' },
  'organizations.update': { name: 'Acme Ltd' },
  'organizations.delete': { confirm: 'demo' },
  'accounts.signUp': { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada Lovelace' },
  'accounts.changePassword': { currentPassword: 'correct horse battery', newPassword: 'staple of another colour' },
  'sessions.create': { email: 'ada@example.com', password: 'correct horse battery' },
  'twoFactor.confirm': { code: '492039' },
  'invitations.create': { email: 'grace@example.com', role: 'member' },
  'members.update': { role: 'admin' },
  'credits.grant': { amount: 500, note: 'for the beta' },
  'credits.refund': { amount: 20, reason: 'a search failed' },
  'billing.checkout': { plan: 'solo' },
  'findings.resolve': { note: 'paid by transfer' },
  'reconcile.stripe': { dryRun: true, only: 'demo' },
  'stripe.webhook': {
    id: 'evt_1a2b3c',
    type: 'invoice.paid',
    created: 1_777_882_530,
    livemode: false,
    data: { object: { id: 'in_1a2b3c', object: 'invoice' } },
  },
  'apiKeys.create': { name: 'ci', scopes: ['search:read'], callsPerHour: 500 },
  'tokens.revoke': { connection: 'staff', jti: '5e1f0c3a-9a44-4b5e-8f0e-3f1f8e0f6c2d' },
  'limits.set': { plan: 'team', callsPerHour: 50_000 },
  'repositories.add': { source: 'honojs/hono' },
  'repositories.file': { path: 'README.md' },
  'projects.create': { name: 'storefront', description: 'The shop and what it calls' },
  'projects.update': { description: 'The shop, its API and what they call' },
  'search.code': { q: 'defineOperation' },
  'dependencies.search': { repository: 'tenon', path: 'src/kernel/cursor.ts' },
  'impact.analyze': {
    repository: 'tenon',
    symbols: [{ path: 'src/kernel/cursor.ts', name: 'decodeCursor' }],
  },
  'specs.validate': {
    repository: 'tenon',
    spec: {
      title: 'A cursor that ends',
      modify: [{ path: 'src/kernel/cursor.ts', symbols: ['decodeCursor'] }],
      tests: [{ path: 'src/kernel/cursor.test.ts', covers: ['src/kernel/cursor.ts'] }],
    },
  },
  'runs.start': { pipeline: 'git/code/index', input: { repository: 'tenon' } },
  'runs.cancelMany': { pipeline: 'git/code/index' },
  'runs.retry': { parts: 'failed' },
  'schedules.create': {
    name: 'nightly',
    pipeline: 'git/code/index',
    input: { repository: 'tenon' },
    cron: '0 4 * * *',
    timeZone: 'Europe/Zurich',
  },
  'schedules.update': { cron: '30 5 * * *' },
}

/** By the name of a field, perhaps after that of what it is a field of; the first that its schema takes. */
const FIELDS: Readonly<Record<string, readonly Json[]>> = {
  'apiKey.name': ['first key'],
  'org.name': ['Demo'],
  'project.name': ['storefront'],
  'symbol.name': ['decodeCursor'],
  'symbols.name': ['decodeCursor'],
  'factors.name': ['many dependents'],
  'endpoints.name': ['/v1/api-keys/{org}'],
  'jobs.kind': ['job'],
  'jobs.method': [null],
  'jobs.title': [null],
  'jobs.name': ['git/code/index'],
  'conventions.name': ['file names'],
  'organizations.name': ['Demo'],
  'plans.name': ['solo'],
  'packs.name': ['small'],
  'user.name': ['Ada Lovelace'],
  email: ['ada@example.com'],
  password: ['correct horse battery'],
  newPassword: ['staple of another colour'],
  currentPassword: ['correct horse battery'],
  token: ['8f14e45fceea167a5a36dedd4bea2543'],
  challenge: ['6c8349cc7260ae62e3b1396831a8398f'],
  totpUri: ['otpauth://totp/Tenon:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Tenon'],
  backupCodes: [['k3v9q-2m8xt', 'w7p4d-9c1zr']],
  userAgent: ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
  member: ['user_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  invitation: ['invite_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  invitedBy: ['user_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  finding: ['finding_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  session: ['session_01jd2m5x8qf3v7w9y0z1a2b3c4', 'cs_test_a1b2c3'],
  connection: ['staff'],
  jti: ['5e1f0c3a-9a44-4b5e-8f0e-3f1f8e0f6c2d'],
  available: [42_350],
  availableAfter: [42_350],
  reserved: [150],
  reservedAfter: [150],
  captured: [120],
  released: [30],
  refunded: [20],
  usedThisMonth: [7_500],
  remaining: [42_350],
  amount: [50_000],
  seq: [128],
  note: ['Credits of 2026-05'],
  credits: [1_000],
  price: ['price_1a2b3c'],
  url: ['https://checkout.stripe.com/c/pay/cs_test_a1b2c3'],
  org: ['demo'],
  slug: ['demo'],
  key: ['key_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  run: ['run_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  schedule: ['nightly'],
  project: ['storefront'],
  repository: ['tenon'],
  name: ['tenon'],
  description: ['The shop and what it calls'],
  source: ['https://github.com/honojs/hono.git'],
  ref: ['main'],
  path: ['src/kernel/cursor.ts'],
  paths: [['src/a.ts', 'src/b.ts']],
  line: [12],
  column: [17],
  start: [0],
  end: [12],
  from: [1],
  to: [40],
  totalLines: [40],
  lines: [40],
  snippet: ["import { decodeCursor } from '../../kernel/cursor.ts'"],
  text: ['# Tenon\n'],
  language: ['typescript'],
  symbol: ['decodeCursor'],
  specifier: ['../../kernel/cursor.ts'],
  names: [['decodeCursor']],
  commit: ['05e8389bdb0c6f1f3c1a2d9f8e7b6a5c4d3e2f10'],
  indexedCommit: ['05e8389bdb0c6f1f3c1a2d9f8e7b6a5c4d3e2f10'],
  files: [682],
  sizeBytes: [2_418_113],
  total: [3],
  tookMs: [4.2],
  pipeline: ['git/code/index'],
  action: ['repositories.add'],
  address: ['203.0.113.9'],
  actor: ['key_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  createdBy: ['key_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  requestId: ['req_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  subject: ['repo_01jd2m5x8qf3v7w9y0z1a2b3c4'],
  hash: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  previousHash: ['2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'],
  secret: ['tn_live_…'],
  hint: ['tn_live_…c4'],
  callsPerHour: [25_000, 500],
  callsPerDay: [100_000],
  concurrentRuns: [20],
  activeChunks: [64],
  runsPerDay: [5_000],
  repositories: [500],
  integrations: [50],
  seats: [25],
  creditsPerMonth: [50_000],
  chunksTotal: [8],
  chunksDone: [8],
  chunksFailed: [0],
  message: ['682 files of 1 commit were published'],
  code: [null],
  status: ['ready', 'succeeded'],
  state: ['done'],
  outcome: ['done'],
  plan: ['team'],
  priority: ['normal'],
  scopes: [['repositories:read', 'search:read']],
  cycles: [[], 0],
  externals: [[]],
  overridden: [[]],
  unknown: [[]],
  unresolved: [[], 0],
  unsearched: [[]],
  detail: ['13 files depend on the change, 12 of them directly'],
  reason: ['imports decodeCursor'],
  previousPath: [null],
  kind: ['function'],
  before: ['decodeCursor(text: string)'],
  after: ['decodeCursor(text: string, schema: Schema)'],
  symbols: [['decodeCursor']],
  method: ['GET'],
  title: ['apiKeys.list'],
  nextSteps: [['Run 2 tests: src/kernel/cursor.test.ts, src/domains/audit/audit.test.ts']],
  fix: ['Name the file as the index has it'],
  value: ['kebab-case'],
  checked: [['modify_missing_file', 'symbol_exists']],
  cron: ['0 4 * * *'],
  timeZone: ['Europe/Zurich'],
  jitterSeconds: [60],
}
/** By the noun of an operation, or its name, where its answer reads better with other values than those above. */
const OF_OPERATION: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  organizations: { name: 'Acme', slug: 'acme', 'apiKey.name': 'first key', lastUsedAt: null, callsPerHour: null },
  me: { user: null, role: null, organizations: [], token: null },
  sessions: { current: true, code: '492039' },
  limits: { operatorPlan: 'free', subscribedPlan: 'team', over: [] },
  members: { name: 'Ada Lovelace', role: 'admin', revokedInvitations: 0 },
  invitations: { email: 'grace@example.com', role: 'member' },
  credits: {
    kind: 'grant',
    run: 'run_01jd2m5x8qf3v7w9y0z1a2b3c4',
    granted: true,
    'entries.kind': 'capture',
    'entries.available': 0,
    'entries.reserved': -120,
    'entries.grant': null,
    'entries.note': null,
  },
  billing: {
    id: 'cs_test_a1b2c3',
    'subscription.id': 'sub_1a2b3c',
    'subscription.status': 'active',
    session: 'cs_test_a1b2c3',
    subscribedPlan: 'team',
    plans: ['solo', 'team'],
    paid: true,
  },
  'credits.entries': { run: null, available: 50_000, availableAfter: 50_000, reserved: 0, reservedAfter: 0 },
  webhooks: {
    id: 'evt_1a2b3c',
    org: 'org_01jd2m5x8qf3v7w9y0z1a2b3c4',
    type: 'invoice.paid',
    reason: null,
    object: 'in_1a2b3c',
  },
  findings: {
    kind: 'grant_missing',
    severity: 'high',
    subject: 'in_1a2b3c',
    cause: 'A paid invoice has no grant of credits.',
    recovery: 'Run the reconciliation without --dry-run: it grants them under the key of the invoice.',
    details: { invoice: 'in_1a2b3c' },
  },
  orphans: {
    kind: 'customer_without_org',
    reference: 'cus_1a2b3c',
    cause: 'A customer in Stripe names an organisation that there is not.',
    recovery: 'Delete the customer in Stripe, or correct the organisation in its metadata.',
    details: {},
  },
  alerts: { count: 9_400, usual: 1_200, threshold: 4_800 },
  reconcile: {
    orgs: 12,
    failed: 0,
    checked: 14,
    found: 0,
    repaired: 0,
    check: 'subscriptions',
    stripe: true,
    seen: [],
    nextCursor: null,
  },
}
const TIMESTAMP = '2026-05-04T08:15:30.000Z'

/** A request that this operation takes. */
export function exampleRequest(operation: Operation): Record<Part, Readonly<Record<string, Json>>> {
  const wanted = REQUESTS[operation.name] ?? {}
  const own = valuesOf(operation)
  const part = (name: Part): Record<string, Json> => {
    const { properties = {}, required = [] } = schemaOf(operation[name], 'input')
    const fields = Object.entries(properties).filter(([field]) => required.includes(field) || field in wanted)
    return Object.fromEntries(fields.map(([field, schema]) => [field, wanted[field] ?? sample(schema, field, own)]))
  }
  return { params: part('params'), query: part('query'), body: part('body') }
}

/** What this operation may answer, as `data` of the envelope. */
export function exampleData(operation: Operation): Json {
  return sample(schemaOf(operation.output, 'output'), '', valuesOf(operation))
}

type Values = Readonly<Record<string, Json>>

function valuesOf({ name }: Operation): Values {
  return { ...OF_OPERATION[name.split('.')[0] ?? ''], ...OF_OPERATION[name] }
}

/** @param field with what it is a field of before a dot, where that is known */
function sample(schema: Schema, field: string, values: Values): Json {
  const [, own = field] = /\.(.*)$/.exec(field) ?? []
  const known = [values[field], ...(FIELDS[field] ?? []), values[own], ...(FIELDS[own] ?? [])]
  const fitting = known.find((value) => value !== undefined && fits(schema, value))
  if (fitting !== undefined) return fitting
  const fixed = schema.const ?? schema.example ?? schema.default ?? schema.enum?.[0]
  if (fixed !== undefined) return fixed
  const [variant] = schema.anyOf ?? schema.oneOf ?? []
  if (variant !== undefined) return NULL_AT_FIRST.has(own) ? null : sample(variant, field, values)
  const [type] = [schema.type].flat()
  if (type === 'object') {
    const entries = Object.entries(schema.properties ?? {})
    return Object.fromEntries(
      entries.map(([name, inner]) => [name, sample(inner, own === '' ? name : `${own}.${name}`, values)]),
    )
  }
  if (type === 'array') return schema.items === undefined ? [] : [sample(schema.items, field, values)]
  if (type === 'integer' || type === 'number') return Math.max(schema.minimum ?? 1, 1)
  if (type === 'boolean') return false
  if (type === 'string') return schema.format === 'date-time' ? TIMESTAMP : 'text'
  return null
}

/** What is null while all is well. */
const NULL_AT_FIRST: ReadonlySet<string> = new Set([
  'acceptedAt',
  'acceptedBy',
  'archivedAt',
  'error',
  'expiresAt',
  'lastError',
  'nextTryAt',
  'pausedAt',
  'readyAt',
  'resolvedAt',
  'revokedAt',
  'rotatedAt',
  'schedule',
  'secondFactor',
  'waiting',
])

/** Of the formats of texts, those that an example above may have; a time is always the same. */
const FORMATS: Readonly<Record<string, RegExp>> = { email: /^[^@\s]+@[^@\s]+$/, uri: /^https?:/ }

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is one of those that the schema describes, as far as the fields above differ. */
function fits(schema: Schema, value: Json): boolean {
  const variants = schema.anyOf ?? schema.oneOf
  if (variants !== undefined) return variants.some((variant) => fits(variant, value))
  if (schema.const !== undefined) return schema.const === value
  if (schema.enum !== undefined) return schema.enum.includes(value)
  const types = [schema.type].flat()
  if (Array.isArray(value)) {
    const { items } = schema
    return types.includes('array') && items !== undefined && value.every((item: Json) => fits(items, item))
  }
  if (typeof value === 'number')
    return (
      (types.includes('number') || (types.includes('integer') && Number.isInteger(value))) &&
      value >= (schema.minimum ?? value) &&
      value <= (schema.maximum ?? value)
    )
  if (typeof value === 'boolean') return types.includes('boolean')
  if (value === null) return types.includes('null')
  if (isRecord(value)) return types.includes('object') && schema.additionalProperties !== false
  if (typeof value !== 'string' || !types.includes('string')) return false
  if (schema.format !== undefined && FORMATS[schema.format]?.test(value) !== true) return false
  return (
    value.length >= (schema.minLength ?? 0) &&
    value.length <= (schema.maxLength ?? value.length) &&
    (schema.pattern === undefined || new RegExp(schema.pattern).test(value))
  )
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  return z.toJSONSchema(schema, { io, reused: 'inline', unrepresentable: 'any' }) as Schema
}
