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
import { createInvitation } from '../../src/contract/members.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { createProject } from '../../src/contract/projects.ts'
import { pauseRun } from '../../src/contract/run-control.ts'
import { cancelRun, startRun } from '../../src/contract/runs.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { ALL_SCOPES, type Scope } from '../../src/contract/scopes.ts'
import { addMember } from './add-member.ts'
import { chargedRun } from './charged-run.ts'
import type { TestOrg } from './node.ts'
import { endOf, HELD, NIGHTLY, type Input, type ParitySetting } from './parity-setting.ts'
import { totp } from './people.ts'
import { newPerson, PASSWORD, tokenTo, type TestPerson } from './person.ts'
import { requiredFields } from './surfaces.ts'

interface Caller {
  readonly apiKey: string
}
/** What is made on the way. */
export interface Making extends ParitySetting {
  made: number
  /** Who was made last, whose session the call ends. */
  last: Caller
  /** What the call ends. */
  ending?: TestOrg
  person?: Promise<TestPerson>
}

export function makingIn(setting: ParitySetting): Making {
  return { ...setting, made: 0, last: setting.org }
}

/** Input of operations that use up, or end, what they work on: made anew for each call. */
const FRESH: Readonly<Record<string, (m: Making) => Input | Promise<Input>>> = {
  'organizations.onboard': (m) => ({ slug: `made-${m.made++}`, name: 'Made' }),
  'organizations.create': (m) => ({ slug: `made-${m.made++}`, name: 'Made' }),
  'organizations.delete': async (m) => {
    m.ending = await m.node.onboard(`made-${m.made++}`)
    return { org: m.ending.slug, confirm: m.ending.slug }
  },
  'organizations.update': () => ({ name: 'Parity' }),
  'tokens.revoke': () => ({ connection: 'staff', expiresAt: '2040-01-01T00:00:00.000Z' }),
  'credits.refund': async (m) => ({ run: await chargedRun(m.node.database, m.org.slug, 5), amount: 2 }),
  'accounts.signUp': (m) => newAccount(m),
  'accounts.verifyEmail': async (m) => {
    const account = newAccount(m)
    await (await someone(m)).call(signUp, account)
    return { token: await tokenTo(m.node, account.email, 'accounts/verify') }
  },
  'accounts.resendVerification': (m) => ({ email: newAccount(m).email }),
  'accounts.requestPasswordReset': (m) => ({ email: newAccount(m).email }),
  'accounts.resetPassword': async (m) => {
    const { email, call } = await someone(m)
    await call(requestPasswordReset, { email })
    return { token: await tokenTo(m.node, email, 'accounts/reset'), password: PASSWORD }
  },
  'accounts.changePassword': async (m) => {
    await someone(m)
    return { currentPassword: PASSWORD, newPassword: PASSWORD }
  },
  'sessions.create': async (m) => ({ email: (await someone(m)).email, password: PASSWORD }),
  'sessions.confirm': async (m) => {
    const { email, call, uri } = await guarded(m)
    const { secondFactor } = await call(createSession, { email, password: PASSWORD })
    return { challenge: secondFactor?.challenge, code: totp(uri) }
  },
  'sessions.revoke': async (m) => {
    const [session] = await (await someone(m)).call(listSessions, {})
    return { session: session?.id }
  },
  'sessions.end': async (m) => {
    await someone(m)
    return {}
  },
  'twoFactor.enable': async (m) => {
    await someone(m)
    return { password: PASSWORD }
  },
  'twoFactor.confirm': async (m) => {
    const { totpUri } = await (await someone(m)).call(enableTwoFactor, { password: PASSWORD })
    return { code: totp(totpUri) }
  },
  'twoFactor.disable': async (m) => {
    await guarded(m)
    return { password: PASSWORD }
  },
  'apiKeys.rotate': async (m) => ({ key: await newKey(m) }),
  'apiKeys.revoke': async (m) => ({ key: await newKey(m) }),
  'schedules.create': (m) => ({ name: `schedule-${m.made++}` }),
  'schedules.delete': async (m) => ({
    schedule: (await m.org.call(createSchedule, { ...NIGHTLY, name: `schedule-${m.made++}` })).id,
  }),
  'projects.create': (m) => ({ name: `project-${m.made++}` }),
  'projects.update': () => ({ description: 'the shop' }),
  'projects.delete': async (m) => ({ project: (await m.org.call(createProject, { name: `project-${m.made++}` })).id }),
  'members.update': async (m) => ({ member: await addMember(m.node.database, m.org.slug), role: 'viewer' }),
  'members.remove': async (m) => ({ member: await addMember(m.node.database, m.org.slug) }),
  'invitations.create': (m) => ({ email: `made-${m.made++}@example.com` }),
  'invitations.resend': async (m) => ({ invitation: await newInvitation(m, `made-${m.made++}@example.com`) }),
  'invitations.revoke': async (m) => ({ invitation: await newInvitation(m, `made-${m.made++}@example.com`) }),
  'invitations.accept': async (m) => {
    await asPerson(m)
    await newInvitation(m, PERSON)
    return { token: await tokenTo(m.node, PERSON, 'invitations') }
  },
  'repositories.delete': async (m) => {
    const added = await m.org.call(addRepository, { source: m.source, name: `app-${m.made++}` })
    await endOf(m.org, added.run.id)
    return { repository: added.repository.id }
  },
  'runs.pause': async (m) => ({ run: await heldRun(m) }),
  'runs.resume': async (m) => {
    const run = await heldRun(m)
    await m.org.call(pauseRun, { run })
    return { run }
  },
  'runs.cancel': async (m) => ({ run: await heldRun(m) }),
  'runs.cancelMany': async (m) => {
    await heldRun(m)
    return { pipeline: HELD.id }
  },
  'runs.retry': async (m) => {
    const run = await heldRun(m)
    await m.org.call(cancelRun, { run })
    return { run }
  },
}

const newAccount = (m: Making) => ({ email: `made-${m.made++}@example.com`, name: 'Made', password: PASSWORD })

/** Whose session an operation may end: another person for each call. */
async function someone(m: Making): Promise<TestPerson> {
  const person = await newPerson(m.node, 'Made', newAccount(m).email)
  m.last = { apiKey: person.session }
  return person
}

/** Somebody who signs in with a second factor. */
async function guarded(m: Making): Promise<TestPerson & { readonly uri: string }> {
  const person = await someone(m)
  const { totpUri: uri } = await person.call(enableTwoFactor, { password: PASSWORD })
  const { session } = await person.call(confirmTwoFactor, { code: totp(uri) })
  m.last = { apiKey: session.token ?? '' }
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

async function newKey(m: Making): Promise<string> {
  return (await m.org.call(createApiKey, { name: 'of a test', scopes: [...ALL_SCOPES] })).id
}

async function newInvitation(m: Making, email: string): Promise<string> {
  return (await m.org.call(createInvitation, { email })).id
}

export function usualInputOf({ known }: Making, operation: Operation): Input {
  const fields = requiredFields(operation).map((field) => [
    field,
    known[`${operation.name} ${field}`] ?? known[field] ?? `a-${field}`,
  ])
  return Object.fromEntries(fields)
}

export async function inputOf(making: Making, operation: Operation): Promise<Input> {
  return { ...usualInputOf(making, operation), ...(await FRESH[operation.name]?.(making)) }
}

/** As whom an operation succeeds. */
export function callerOf(making: Making, { name, auth }: Operation): Promise<Caller> {
  if (name === 'organizations.delete') return Promise.resolve(making.ending ?? making.org)
  if (name === 'members.leave') return asMember(making)
  // A key that takes itself away is another one each time.
  if (name === 'apiKeys.revokeSelf') return secretOf(making, ALL_SCOPES)
  if (auth !== 'session') return Promise.resolve(making.org)
  return ENDS_SESSION.has(name) ? Promise.resolve(making.last) : asPerson(making)
}

const PERSON = 'parity@example.com'
/** The same for every call: signing up is counted as well. */
function personOf(m: Making): Promise<TestPerson> {
  m.person ??= newPerson(m.node, 'parity', PERSON)
  return m.person
}

async function asPerson(m: Making): Promise<Caller> {
  return { apiKey: (await personOf(m)).session }
}

/** A member, whose call may end that. */
async function asMember(m: Making): Promise<Caller> {
  const { id, session } = await personOf(m)
  await addMember(m.node.database, m.org.slug, { id })
  return { apiKey: session }
}

export async function secretOf({ org }: Making, scopes: readonly Scope[]): Promise<Caller> {
  return { apiKey: (await org.call(createApiKey, { name: 'of a test', scopes: [...scopes] })).secret }
}

async function heldRun(m: Making): Promise<string> {
  const { id } = await m.org.call(startRun, { pipeline: HELD.id, input: { subject: `held-${m.made++}` } })
  return id
}
