import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  confirmTwoFactor,
  createSession,
  enableTwoFactor,
  listSessions,
  requestPasswordReset,
  signUp,
} from '../../src/contract/accounts.ts'
import { addRepository } from '../../src/contract/code.ts'
import { createApiKey } from '../../src/contract/identity.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { createInvitation } from '../../src/contract/members.ts'
import { createCheckout } from '../../src/contract/billing.ts'
import { createProject } from '../../src/contract/projects.ts'
import { pauseRun } from '../../src/contract/run-control.ts'
import { cancelRun, getRun, isEnded, listRuns, startRun } from '../../src/contract/runs.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { ALL_SCOPES, type Scope } from '../../src/contract/scopes.ts'
import { startSandboxOnly } from '../support/billing.ts'
import { makeRepository } from '../support/git-repository.ts'
import { heldPipeline } from '../support/held-pipeline.ts'
import { STAFF } from '../support/issuers.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { addMember } from '../support/add-member.ts'
import { chargedRun } from '../support/charged-run.ts'
import { plantedFinding } from '../support/planted-finding.ts'
import { newPerson, PASSWORD, tokenTo, type TestPerson } from '../support/person.ts'
import { totp } from '../support/people.ts'
import { REQUEST_ID, requiredFields, surfacesOf, type Answer, type Raw } from '../support/surfaces.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tracesOf, type Traces } from '../support/traces.ts'
import { waitFor } from '../support/wait-for.ts'

/** Walks every operation over every surface that it stands on, and compares answer, error code, audit entry and what is counted. */
const folder = temporaryFolder('parity')
const HELD = heldPipeline('test/parity/held')
const NIGHTLY = { name: 'nightly', pipeline: 'git/code/index', input: { repository: 'app' }, cron: '0 4 * * *' }
let stripe: Awaited<ReturnType<typeof startSandboxOnly>>
let node: TestNode
let org: TestOrg
let repository: string
let source: string
let known: Record<string, unknown>
let made = 0

beforeAll(async () => {
  stripe = await startSandboxOnly()
  node = await startTestNode({ stripe: stripe.settings, localRepos: [folder.path], pipelines: [HELD], issuers: STAFF })
  org = await node.onboard('parity')
  source = makeRepository(join(folder.path, 'app'), {
    a: 'needle\n',
    'src/core.ts': 'export const needle = 1\n',
    'src/user.ts': "import { needle } from './core.ts'\nexport const user = needle\n",
  })
  const added = await org.call(addRepository, { source })
  repository = added.repository.id
  await endOf(added.run.id)
  const { id } = await org.call(createSchedule, NIGHTLY)
  const project = await org.call(createProject, { name: 'storefront' })
  await node.database.query(
    `insert into stripe_events (id, type, livemode, created_at, state, reason, tries, next_try_at, handled_at)
     values ('evt_parity', 'a.type', false, now(), 'done', 'not_handled', 1, null, now())`,
  )
  known = {
    ...NIGHTLY,
    source,
    schedule: id,
    finding: await plantedFinding(node, org),
    project: project.id,
    repository,
    run: added.run.id,
    session: (await org.call(createCheckout, { pack: 'small' })).id,
    event: 'evt_parity',
    plan: 'solo',
    q: 'needle',
    path: 'a',
    'dependencies.search path': 'src/core.ts',
    'credits.statement run': await chargedRun(node.database, org.slug, 20),
    'credits.grant amount': 5,
    files: ['src/core.ts', 'none.ts'],
    // The command ends with 1 when a plan has errors.
    spec: {
      create: [{ path: 'src/new.ts', imports: ['./core.ts'] }],
      symbols: [{ name: 'needle', path: 'src/core.ts' }],
    },
    name: 'app',
    org: org.slug,
  }
})
afterAll(async () => {
  await node.close()
  await stripe.sandbox.close()
  folder.remove()
})

/** What one test has started must not move under the next. */
afterEach(async () => {
  const runs = await org.call(listRuns, {})
  for (const { id, status, pipeline } of runs)
    if (pipeline === HELD.id && !isEnded(status)) await org.call(cancelRun, { run: id })
  await waitFor(async () => (await org.call(listRuns, {})).every(({ status }) => isEnded(status)), 20_000)
})

const endOf = (run: string): Promise<void> =>
  waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)

async function heldRun(): Promise<string> {
  const { id } = await org.call(startRun, { pipeline: HELD.id, input: { subject: `held-${made++}` } })
  return id
}

type Input = Readonly<Record<string, unknown>>

/** Input of operations that use up, or end, what they work on: made anew for each call. */
const FRESH: Readonly<Record<string, () => Input | Promise<Input>>> = {
  'organizations.onboard': () => ({ slug: `made-${made++}`, name: 'Made' }),
  'organizations.create': () => ({ slug: `made-${made++}`, name: 'Made' }),
  'organizations.update': () => ({ name: 'Parity' }),
  'tokens.revoke': () => ({ connection: 'staff', expiresAt: '2040-01-01T00:00:00.000Z' }),
  'credits.refund': async () => ({ run: await chargedRun(node.database, org.slug, 5), amount: 2 }),
  'accounts.signUp': () => newAccount(),
  'accounts.verifyEmail': async () => {
    const account = newAccount()
    await (await someone()).call(signUp, account)
    return { token: await tokenTo(node, account.email, 'accounts/verify') }
  },
  'accounts.resendVerification': () => ({ email: newAccount().email }),
  'accounts.requestPasswordReset': () => ({ email: newAccount().email }),
  'accounts.resetPassword': async () => {
    const { email, call } = await someone()
    await call(requestPasswordReset, { email })
    return { token: await tokenTo(node, email, 'accounts/reset'), password: PASSWORD }
  },
  'accounts.changePassword': async () => {
    await someone()
    return { currentPassword: PASSWORD, newPassword: PASSWORD }
  },
  'sessions.create': async () => ({ email: (await someone()).email, password: PASSWORD }),
  'sessions.confirm': async () => {
    const { email, call, uri } = await guarded()
    const { secondFactor } = await call(createSession, { email, password: PASSWORD })
    return { challenge: secondFactor?.challenge, code: totp(uri) }
  },
  'sessions.revoke': async () => {
    const [session] = await (await someone()).call(listSessions, {})
    return { session: session?.id }
  },
  'sessions.end': async () => {
    await someone()
    return {}
  },
  'twoFactor.enable': async () => {
    await someone()
    return { password: PASSWORD }
  },
  'twoFactor.confirm': async () => {
    const { totpUri } = await (await someone()).call(enableTwoFactor, { password: PASSWORD })
    return { code: totp(totpUri) }
  },
  'twoFactor.disable': async () => {
    await guarded()
    return { password: PASSWORD }
  },
  'apiKeys.rotate': async () => ({ key: await newKey() }),
  'apiKeys.revoke': async () => ({ key: await newKey() }),
  'schedules.create': () => ({ name: `schedule-${made++}` }),
  'schedules.delete': async () => ({
    schedule: (await org.call(createSchedule, { ...NIGHTLY, name: `schedule-${made++}` })).id,
  }),
  'projects.create': () => ({ name: `project-${made++}` }),
  'projects.update': () => ({ description: 'the shop' }),
  'projects.delete': async () => ({ project: (await org.call(createProject, { name: `project-${made++}` })).id }),
  'members.update': async () => ({ member: await addMember(node.database, org.slug), role: 'viewer' }),
  'members.remove': async () => ({ member: await addMember(node.database, org.slug) }),
  'invitations.create': () => ({ email: `made-${made++}@example.com` }),
  'invitations.resend': async () => ({ invitation: await newInvitation(`made-${made++}@example.com`) }),
  'invitations.revoke': async () => ({ invitation: await newInvitation(`made-${made++}@example.com`) }),
  'invitations.accept': async () => {
    await asPerson()
    await newInvitation(PERSON)
    return { token: await tokenTo(node, PERSON, 'invitations') }
  },
  'repositories.delete': async () => {
    const added = await org.call(addRepository, { source, name: `app-${made++}` })
    await endOf(added.run.id)
    return { repository: added.repository.id }
  },
  'runs.pause': async () => ({ run: await heldRun() }),
  'runs.resume': async () => {
    const run = await heldRun()
    await org.call(pauseRun, { run })
    return { run }
  },
  'runs.cancel': async () => ({ run: await heldRun() }),
  'runs.cancelMany': async () => {
    await heldRun()
    return { pipeline: HELD.id }
  },
  'runs.retry': async () => {
    const run = await heldRun()
    await org.call(cancelRun, { run })
    return { run }
  },
}

const newAccount = () => ({ email: `made-${made++}@example.com`, name: 'Made', password: PASSWORD })

/** Whose session an operation may end: another person for each call. */
let last: { readonly apiKey: string }
async function someone(): Promise<TestPerson> {
  const person = await newPerson(node, 'Made', newAccount().email)
  last = { apiKey: person.session }
  return person
}

/** Somebody who signs in with a second factor. */
async function guarded(): Promise<TestPerson & { readonly uri: string }> {
  const person = await someone()
  const { totpUri: uri } = await person.call(enableTwoFactor, { password: PASSWORD })
  const { session } = await person.call(confirmTwoFactor, { code: totp(uri) })
  last = { apiKey: session.token ?? '' }
  return { ...person, uri }
}
/** They change or end the session that calls. */
const ENDS_SESSION = new Set([
  'accounts.changePassword',
  'sessions.revoke',
  'sessions.end',
  'twoFactor.enable',
  'twoFactor.confirm',
  'twoFactor.disable',
])

async function newKey(scopes: readonly Scope[] = ALL_SCOPES): Promise<string> {
  return (await org.call(createApiKey, { name: 'of a test', scopes: [...scopes] })).id
}

async function newInvitation(email: string): Promise<string> {
  return (await org.call(createInvitation, { email })).id
}

function usualInputOf(operation: Operation): Input {
  const fields = requiredFields(operation).map((field) => [
    field,
    known[`${operation.name} ${field}`] ?? known[field] ?? `a-${field}`,
  ])
  return Object.fromEntries(fields)
}

async function inputOf(operation: Operation): Promise<Input> {
  return { ...usualInputOf(operation), ...(await FRESH[operation.name]?.()) }
}

const VARYING = [
  'requestId',
  'tookMs',
  'secret',
  'url',
  'hint',
  'createdAt',
  'joinedAt',
  'sentAt',
  'expiresAt',
  'updatedAt',
  // Of two calls that make it so, the first.
  'changed',
  'closedAt',
  'deletedAfter',
  'revokedAt',
  'rotatedAt',
  'latestRun',
  'lastUsedAt',
  'used',
  'nextAt',
  'nextTryAt',
  'hash',
  'previousHash',
  'token',
  'challenge',
  'address',
  'seq',
  'at',
  'available',
]
/** Of a run that an operation has just started or changed, and that goes on meanwhile. */
const MOVING = ['status', 'progress', 'startedAt', 'endedAt', 'waiting', 'summary', 'indexedAt', 'pausedAt']

/** Without what differs from call to call. */
function steady(value: unknown, { status, name }: Operation): unknown {
  const moves = status === 202 || name.startsWith('runs.')
  const dropped = moves ? [...VARYING, ...MOVING] : VARYING
  const kept = JSON.stringify(value, (key, item: unknown) => (dropped.includes(key) ? undefined : item))
  return JSON.parse(
    kept.replaceAll(
      /(?:run|key|org|repo|schedule|proj|user|invite|session)_[0-9a-z]{26}|(?:schedule|project|made|app|held)-\d+|cs_test_\w+/g,
      'id',
    ),
  )
}

const errorCode = ({ text }: Raw): string | false => {
  const answer = JSON.parse(text) as Answer
  return 'error' in answer && answer.error.code
}

/** What each surface answers and leaves behind. */
async function onEach(
  operation: Operation,
  as: () => Promise<{ apiKey: string }>,
  input: () => Input | Promise<Input> = () => inputOf(operation),
): Promise<{ answer: Raw; traces: Traces }[]> {
  const all: { answer: Raw; traces: Traces }[] = []
  for (const [i] of surfacesOf(node, org).of(operation).entries()) {
    const given = await input()
    const ask = surfacesOf(node, { ...org, ...(await as()) }).of(operation)[i]
    if (ask !== undefined) all.push(await tracesOf(node.database, () => ask(given)))
  }
  return all
}

const asOwner = async (): Promise<{ apiKey: string }> => org
const PERSON = 'parity@example.com'
let person: Promise<TestPerson> | undefined
/** The same for every call: signing up is counted as well. */
const asPerson = async (): Promise<{ apiKey: string }> => {
  const { session } = await (person ??= newPerson(node, 'parity', PERSON))
  return { apiKey: session }
}
/** A member, whose call may end that. */
const asMember = async (): Promise<{ apiKey: string }> => {
  const { id, session } = await (person ??= newPerson(node, 'parity', PERSON))
  await addMember(node.database, org.slug, { id })
  return { apiKey: session }
}
/** Of an organisation that the call may end. */
let ending: TestOrg
const toEnd = async (): Promise<Input> => {
  ending = await node.onboard(`made-${made++}`)
  return { org: ending.slug, confirm: ending.slug }
}

async function secretOf(scopes: readonly Scope[]): Promise<{ apiKey: string }> {
  return { apiKey: (await org.call(createApiKey, { name: 'of a test', scopes: [...scopes] })).secret }
}

/** Whom an operation is counted on. */
function countedOn({ auth, rescue, signIn, proves }: Operation): Readonly<Record<string, number>> {
  if (auth === 'public') return signIn === null ? { anonymous: 1 } : { signIn: 1, signInAccount: 1 }
  if (auth === 'session' && rescue) return { rescue: 1 }
  if (proves) return { user: 1, signInAccount: 1 }
  return auth === 'root' ? { root: 1 } : auth === 'session' ? { user: 1 } : rescue ? { rescue: 1 } : { org: 1 }
}

/** Compares each surface with the first; the message of a failure names the surface. */
function expectAlike(all: readonly { answer: Raw; traces: Traces }[], operation: Operation): void {
  const [first] = all
  const shown = ({ answer, traces }: { answer: Raw; traces: Traces }) => ({
    text: steady(JSON.parse(answer.text), operation),
    // The key that called, where each call has one of its own.
    traces: steady(traces, operation),
  })
  for (const one of all)
    expect({ surface: one.answer.surface, ...shown(one) }).toEqual({
      surface: one.answer.surface,
      ...shown(first ?? one),
    })
}

/** What Stripe signs comes over REST alone, from nobody who has a key. */
const asJson = OPERATIONS.filter(({ kind, auth }) => kind === 'json' && auth !== 'signature')

describe('every operation, on every surface that it stands on,', () => {
  for (const operation of asJson) {
    it(`gives the same answer, audit entry and count: ${operation.name}`, async () => {
      // A key that takes itself away is another one each time.
      const asSomeone = ENDS_SESSION.has(operation.name) ? async () => last : asPerson
      const usual = operation.auth === 'session' ? asSomeone : operation.name === 'members.leave' ? asMember : asOwner
      const as = operation.name === 'apiKeys.revokeSelf' ? () => secretOf(ALL_SCOPES) : usual
      const ends = operation.name === 'organizations.delete'
      const all = ends ? await onEach(operation, async () => ending, toEnd) : await onEach(operation, as)
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: false })
        expect({ surface, counted: traces.counted }).toEqual({ surface, counted: countedOn(operation) })
        const expected = operation.audited ? [{ action: operation.name, outcome: 'done', requestId: REQUEST_ID }] : []
        expect({ surface, audit: traces.audit }).toMatchObject({ surface, audit: expected })
        expect(traces.audit).toHaveLength(expected.length)
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ scope }) => scope !== null)) {
    it(`refuses a key without its scope with the same code, entry and count: ${operation.name}`, async () => {
      const others = ALL_SCOPES.filter((scope) => scope !== operation.scope)
      const all = await onEach(operation, () => secretOf(others))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'forbidden' })
        expect({ surface, traces }).toMatchObject({
          surface,
          traces: {
            counted: countedOn(operation),
            audit: [{ action: operation.name, outcome: 'refused', code: 'forbidden' }],
          },
        })
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ query }) => 'limit' in query.shape)) {
    it(`refuses a limit out of range with the same code, entry and count: ${operation.name}`, async () => {
      const all = await onEach(operation, asOwner, async () => ({ ...(await inputOf(operation)), limit: 5000 }))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'validation_failed' })
        expect({ surface, traces }).toEqual({ surface, traces: { counted: countedOn(operation), audit: [] } })
      }
      expectAlike(all, operation)
    })
  }
})

describe('a key that nobody has', () => {
  it('is refused on every surface with the same code, and counted on its address', async () => {
    for (const operation of asJson.filter(({ auth }) => auth === 'key')) {
      const nobody = async () => ({ apiKey: `tn_live_${'0'.repeat(49)}` })
      for (const { answer, traces } of await onEach(operation, nobody, () => usualInputOf(operation)))
        expect({ operation: operation.name, surface: answer.surface, code: errorCode(answer), traces }).toEqual({
          operation: operation.name,
          surface: answer.surface,
          code: 'invalid_api_key',
          traces: { counted: { anonymous: 1 }, audit: [] },
        })
    }
  })
})
