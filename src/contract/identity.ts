import { z } from 'zod'
import { person } from './accounts.ts'
import { orgField, page, slug, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { planName } from './plans.ts'
import { role } from './roles.ts'
import { ALL_SCOPES } from './scopes.ts'

export const scope = z.enum(ALL_SCOPES as [(typeof ALL_SCOPES)[number]])

export const organization = z.strictObject({
  id: idSchema('org'),
  slug,
  name: z.string(),
  createdAt: timestamp,
})
export type Organization = z.output<typeof organization>

export const apiKey = z.strictObject({
  id: idSchema('key'),
  name: z.string(),
  /** First characters of the key, to tell keys apart. */
  hint: z.string(),
  scopes: z.array(scope),
  callsPerHour: z.int().nullable().describe('Limit of its own within that of the organisation; null for none'),
  lineage: idSchema('key').describe('First key of its line of rotations, which share limits'),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable().describe('To the minute'),
  rotatedAt: timestamp.nullable().describe('When a newer key took its place'),
  revokedAt: timestamp.nullable(),
})
export type ApiKey = z.output<typeof apiKey>

export const accessToken = z.strictObject({
  subject: z.string().describe('Stands for whom the issuer gave it to, as in the audit trail; the same for each token'),
  scopes: z.array(scope).describe('Of those that it names, the ones that Tenon has'),
  expiresAt: timestamp,
})
export type AccessToken = z.output<typeof accessToken>

const newKey = apiKey.extend({ secret: z.string().describe('The key itself: shown this once and stored nowhere') })

const keyName = z.string().trim().min(1).max(80).describe('What the key is for')

/** They would read as something else in an address. */
const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  'accept admin api app auth billing docs help login me mcp null onboard org orgs root self status support system tenon undefined www'.split(
    ' ',
  ),
)

const newSlug = slug
  .refine((text) => !RESERVED_SLUGS.has(text), 'This slug is reserved')
  .describe('Short name in addresses; it can not be changed')
const organizationName = z.string().trim().min(1).max(120).describe('Name for people')
const onboarded = z.strictObject({ org: organization, plan: planName, apiKey: newKey })

export const onboardOrganization = defineOperation({
  name: 'organizations.onboard',
  summary: 'Create an organisation with its first API key',
  description:
    'Needs the root key (header `X-Root-Key`). The key in the answer is shown once. With an `Idempotency-Key`, a repeat goes on where the first was interrupted and gives its answer; what fails is undone.',
  method: 'POST',
  path: '/v1/organizations/onboard',
  auth: 'root',
  scope: null,
  tx: 'none',
  body: z.strictObject({ slug: newSlug, name: organizationName, plan: planName.default('free').describe('Its plan') }),
  output: onboarded,
  status: 201,
  errors: ['organization_exists', 'billing_unavailable'],
  idempotent: false,
  reveals: true,
  surfaces: {
    mcp: { absent: 'the root key stays on the server side and is never given to an agent' },
    cli: {
      command: 'orgs onboard',
      args: ['slug'],
      description: 'Needs the root key. The key in the answer is shown once.',
      examples: [
        'tenon orgs onboard acme --name "Acme Ltd"',
        'tenon orgs onboard acme --name Acme --plan solo --quiet',
      ],
    },
  },
})

export const createOrganization = defineOperation({
  name: 'organizations.create',
  summary: 'Create an organisation of your own',
  description:
    'For a person who has signed in, who is its owner from then on; it begins on the plan `free`. The API key in the answer is shown once. With an `Idempotency-Key`, a repeat goes on where the first was interrupted and gives its answer; what fails is undone.',
  method: 'POST',
  path: '/v1/organizations',
  auth: 'session',
  scope: null,
  tx: 'none',
  body: z.strictObject({ slug: newSlug, name: organizationName }),
  output: onboarded,
  status: 201,
  errors: ['organization_exists', 'too_many_organizations', 'billing_unavailable'],
  idempotent: false,
  reveals: true,
  surfaces: {
    mcp: { absent: 'an agent works within an organisation; a person makes it' },
    cli: { absent: 'a person signs in and makes it in a browser; the command line works with the key that this gives' },
  },
})

export const updateOrganization = defineOperation({
  name: 'organizations.update',
  summary: 'Rename the organisation',
  description: 'Changes its name for people; the slug can not be changed.',
  method: 'PATCH',
  path: '/v1/organizations/{org}',
  auth: 'key',
  scope: 'organizations:write',
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({ name: organizationName }),
  output: organization,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'it is for owners, who do it once' },
    cli: {
      command: 'orgs rename',
      args: ['name'],
      examples: ['tenon orgs rename "Acme Ltd"', 'tenon orgs rename Acme --json'],
    },
  },
})

export const deleteOrganization = defineOperation({
  name: 'organizations.delete',
  summary: 'Delete the organisation',
  description:
    'It is closed at once: every key is revoked, nobody finds it any more, a subscription is cancelled, repositories are removed. What is left, with the audit trail, is deleted after 30 days; until then its slug is taken. Refused while runs have not ended.',
  method: 'DELETE',
  path: '/v1/organizations/{org}',
  auth: 'key',
  scope: 'organizations:write',
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({ confirm: slug.describe('Slug of the organisation, to say that this one is meant') }),
  output: z.strictObject({
    id: idSchema('org'),
    slug,
    closedAt: timestamp,
    deletedAfter: timestamp.describe('From when on nothing of it is left'),
  }),
  errors: ['organization_busy'],
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: 'an agent must not delete what it works in' },
    cli: {
      command: 'orgs delete',
      args: ['confirm'],
      examples: ['tenon orgs delete acme', 'tenon orgs delete acme --yes'],
    },
  },
})

export const getMe = defineOperation({
  name: 'me.get',
  summary: 'Show who calls',
  description:
    'Whose credential was sent, never its secret: one of `user`, `apiKey` and `token` is not null. The organisation is that of the key or token; of a person the one that `X-Tenon-Org` names, else their only one. `organizations` are all that a person belongs to.',
  method: 'GET',
  path: '/v1/me',
  auth: 'key',
  scope: null,
  tx: 'read',
  output: z.strictObject({
    user: person.nullable().describe('The person who has signed in'),
    org: organization.nullable().describe('null for a person of several who has named none, and of none'),
    role: role.nullable().describe("The person's in this organisation"),
    plan: planName.nullable(),
    credits: z
      .strictObject({ available: z.int(), reserved: z.int().describe('Set aside for runs that have not ended') })
      .nullable()
      .describe('Of the organisation'),
    organizations: z
      .array(z.strictObject({ id: idSchema('org'), slug, name: z.string(), role }))
      .describe('Of a person, oldest membership first'),
    apiKey: apiKey.nullable(),
    token: accessToken.nullable(),
  }),
  idempotent: true,
  surfaces: {
    mcp: { absent: 'an agent has no use for it: every tool works on the organisation of its key' },
    cli: { command: 'me', examples: ['tenon me', 'tenon me --json'] },
  },
})

const org = { org: orgField }

export const createApiKey = defineOperation({
  name: 'apiKeys.create',
  summary: 'Create an API key',
  description:
    'The key in the answer is shown once; only its SHA-256 is stored. Scopes, limit and life are those of the calling key when left out, and never more: a key made with an access token ends with it.',
  method: 'POST',
  path: '/v1/api-keys/{org}',
  auth: 'key',
  scope: 'api-keys:write',
  tx: 'write',
  params: z.strictObject(org),
  body: z.strictObject({
    name: keyName,
    scopes: z
      .array(scope)
      .min(1)
      .max(ALL_SCOPES.length)
      .optional()
      .describe('All scopes of the calling key when left out'),
    callsPerHour: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('Limit of its own, within that of the organisation'),
    expiresAt: timestamp.optional().describe('When it ends by itself; UTC, ISO 8601'),
  }),
  output: newKey,
  status: 201,
  idempotent: false,
  reveals: true,
  surfaces: {
    mcp: { absent: 'an agent must not make credentials' },
    cli: {
      command: 'api-keys create',
      args: ['name'],
      examples: ['tenon api-keys create ci', 'tenon api-keys create reader --scopes search:read --scopes runs:read'],
    },
  },
})

export const listApiKeys = defineOperation({
  name: 'apiKeys.list',
  summary: 'List API keys',
  description: 'Newest first, revoked ones included. Secrets are never shown.',
  method: 'GET',
  path: '/v1/api-keys/{org}',
  auth: 'key',
  scope: 'api-keys:read',
  tx: 'read',
  params: z.strictObject(org),
  query: z.strictObject(page),
  output: z.array(apiKey),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'an agent has no use for a list of credentials' },
    cli: { command: 'api-keys list', examples: ['tenon api-keys list', 'tenon api-keys list --json'] },
  },
})

const keyField = z.string().min(1).max(64).describe('Id of the key')

export const rotateApiKey = defineOperation({
  name: 'apiKeys.rotate',
  summary: 'Rotate an API key',
  description:
    'Makes a key in its place, with the same scopes and limit, and a new life as long as the old. The old one works for 24 hours more, unless it ends before; both share their limits.',
  method: 'POST',
  path: '/v1/api-keys/{org}/{key}/rotate',
  auth: 'key',
  scope: 'api-keys:write',
  tx: 'write',
  params: z.strictObject({ ...org, key: keyField }),
  output: newKey,
  status: 201,
  errors: ['api_key_inactive'],
  idempotent: false,
  reveals: true,
  surfaces: {
    mcp: { absent: 'an agent must not make credentials' },
    cli: {
      command: 'api-keys rotate',
      args: ['key'],
      examples: [
        'tenon api-keys rotate key_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon api-keys rotate key_01jd2m5x8qf3v7w9y0z1a2b3c4 --quiet > key.txt',
      ],
    },
  },
})

export const revokeApiKey = defineOperation({
  name: 'apiKeys.revoke',
  summary: 'Revoke an API key',
  description: 'The key is refused by every node within a second. Revoking a revoked key changes nothing.',
  method: 'POST',
  path: '/v1/api-keys/{org}/{key}/revoke',
  auth: 'key',
  scope: 'api-keys:write',
  tx: 'write',
  params: z.strictObject({ ...org, key: keyField }),
  output: apiKey,
  rescue: true,
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: 'an agent must not take credentials away' },
    cli: {
      command: 'api-keys revoke',
      args: ['key'],
      examples: [
        'tenon api-keys revoke key_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon api-keys revoke key_01jd2m5x8qf3v7w9y0z1a2b3c4 --yes',
      ],
    },
  },
})

export const revokeSelf = defineOperation({
  name: 'apiKeys.revokeSelf',
  summary: 'Revoke the API key of this call',
  description:
    'For whoever holds a key that has leaked: it needs no scope. The key is refused from then on. An access token is refused here: only its issuer can take it back.',
  method: 'POST',
  path: '/v1/me/api-key/revoke',
  auth: 'key',
  scope: null,
  tx: 'write',
  output: apiKey,
  errors: ['forbidden'],
  rescue: true,
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: 'an agent must not take credentials away' },
    cli: {
      command: 'api-keys revoke',
      flag: { name: 'self', description: 'revoke the key that this command is called with; it needs no scope' },
      examples: ['tenon api-keys revoke --self --api-key tn_live_…'],
    },
  },
})
