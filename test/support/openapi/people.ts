import {
  confirmTwoFactor,
  createSession,
  enableTwoFactor,
  listSessions,
  requestPasswordReset,
  signUp,
  verifyEmail,
} from '../../../src/contract/accounts.ts'
import { createClient, type Client } from '../../../src/contract/client.ts'
import type { UserId } from '../../../src/contract/ids.ts'
import type { DataOf } from '../../../src/contract/operation.ts'
import { totp } from '../people.ts'
import { PASSWORD, tokenTo } from '../person.ts'
import type { Json } from './document.ts'

/** What a request by a person, or about one, has to have so that it leads somewhere. */
export interface KnownPeople {
  /** Sessions that an operation is called with; those that it ends are its own. */
  readonly sessions: Readonly<Record<string, readonly string[]>>
  readonly values: Readonly<Record<string, readonly Json[]>>
  /** The address of the one who calls by `sessions.*`. */
  readonly email: string
  /** A person who is to become a member, and leaves. */
  readonly leaving: UserId
}

/** Of what is used up by the first success: nearly valid requests take some of it before. */
const SPARE = 3

/** People of a server that puts its mails into the outbox of `dir`. Done before requests are sent. */
export async function makePeople(url: string, dir: string): Promise<KnownPeople> {
  const { anyone, signedUp, person, as } = createMaker(url, dir)
  const ada = await person('ada')
  const others = await spare(() => signIn(anyone(), ada.email))
  const listed = (await as(ada.token).call(listSessions, {})).data
  const guarded = await spare(async (n) => guard(as, await person(`guarded-${n}`)))
  const [second] = guarded
  const challenges = await spare(async () => {
    const { data } = await anyone().call(createSession, { email: second?.email ?? '', password: PASSWORD })
    return data.secondFactor?.challenge ?? ''
  })
  const begun = await person('begun')
  const { totpUri } = (await as(begun.token).call(enableTwoFactor, { password: PASSWORD })).data
  const forgetful = await spare(async (n) => {
    const { email } = await person(`forgetful-${n}`)
    await anyone().call(requestPasswordReset, { email })
    return tokenTo({ dir }, email, 'accounts/reset')
  })
  const leaving = await person('leaving')
  // Of their own: tries of an account are few, and what asks for a mail counts among them.
  const entering = await spare(async (n) => (await person(`entering-${n}`)).email)
  const sessionsOf = async (name: string): Promise<string[]> =>
    (await spare((n) => person(`${name}-${n}`))).map(({ token }) => token)
  return {
    email: ada.email,
    leaving: leaving.id,
    sessions: {
      'members.leave': [leaving.token],
      '': [ada.token],
      'accounts.changePassword': await sessionsOf('changing'),
      'sessions.end': others.map(({ token }) => token).slice(1),
      'twoFactor.enable': await sessionsOf('enabling'),
      'twoFactor.confirm': [begun.token],
      'twoFactor.disable': guarded.slice(1).map(({ token }) => token),
    },
    values: {
      email: [ada.email, 'nobody@example.com'],
      'accounts.signUp email': Array.from({ length: 50 }, (_, n) => `made-anew-${n}@example.com`),
      'sessions.create email': entering,
      password: [PASSWORD],
      currentPassword: [PASSWORD],
      newPassword: [PASSWORD],
      cookie: [false, true],
      'accounts.verifyEmail token': await spare(async (n) =>
        tokenTo({ dir }, await signedUp(`unconfirmed-${n}`), 'accounts/verify'),
      ),
      'accounts.resetPassword token': forgetful,
      'sessions.confirm challenge': challenges,
      'sessions.confirm code': second?.backupCodes ?? [],
      'sessions.revoke session': listed
        .filter(({ current }) => !current)
        .map(({ id }) => id)
        .slice(-1),
      'twoFactor.confirm code': momentary(() => totp(totpUri)),
    },
  }
}

async function spare<T>(make: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let n = 0; n < SPARE; n++) all.push(await make(n))
  return all
}

function createMaker(url: string, dir: string) {
  let made = 0
  /** Each comes from an address of its own: so many sign in from one that its limit would be met. */
  const anyone = (): Client => {
    const address = `10.2.0.${++made}`
    return createClient({ url, fetch, headers: () => ({ 'x-forwarded-for': address }) })
  }
  const signedUp = async (name: string): Promise<string> => {
    const email = `${name}@example.com`
    await anyone().call(signUp, { email, password: PASSWORD, name })
    return email
  }
  const person = async (name: string) => {
    const email = await signedUp(name)
    await anyone().call(verifyEmail, { token: await tokenTo({ dir }, email, 'accounts/verify') })
    return { email, ...(await signIn(anyone(), email)) }
  }
  const as = (session: string): Client => createClient({ url, apiKey: session, fetch })
  return { anyone, signedUp, person, as }
}

interface SignedIn {
  readonly token: string
  readonly id: UserId
}

async function signIn(client: Client, email: string): Promise<SignedIn> {
  const { session, user } = (await client.call(createSession, { email, password: PASSWORD })).data
  if (typeof session?.token !== 'string' || user === null) throw new Error('nobody has signed in')
  return { token: session.token, id: user.id }
}

interface Guarded extends SignedIn {
  readonly email: string
  readonly backupCodes: DataOf<typeof enableTwoFactor>['backupCodes']
}

/** From now on they sign in with a second factor. */
async function guard(as: (session: string) => Client, person: SignedIn & { readonly email: string }): Promise<Guarded> {
  const { totpUri, backupCodes } = (await as(person.token).call(enableTwoFactor, { password: PASSWORD })).data
  const { session } = (await as(person.token).call(confirmTwoFactor, { code: totp(totpUri) })).data
  return { ...person, token: session.token ?? '', backupCodes }
}

/** A list of one value, which is that of the moment in which it is looked at. */
function momentary(value: () => Json): readonly Json[] {
  return Object.defineProperty([''], 0, { get: value, enumerable: true })
}
