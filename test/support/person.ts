import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSession, signUp, verifyEmail } from '../../src/contract/accounts.ts'
import type { ErrorEnvelope } from '../../src/contract/errors.ts'
import type { UserId } from '../../src/contract/ids.ts'
import {
  fieldsOf,
  PARTS,
  type CallInputOf,
  type DataOf,
  type Envelope,
  type Operation,
} from '../../src/contract/operation.ts'
import type { Credentials } from '../../src/kernel/call.ts'
import type { Outcome } from '../../src/kernel/run-operation.ts'
import type { TestNode } from './node.ts'
import { waitFor } from './wait-for.ts'

export const PASSWORD = 'correct horse battery staple'

/** Somebody who has signed in. `org` is what the header X-Tenon-Org names, and stands for the input's where it has none. */
export interface TestPerson {
  readonly id: UserId
  readonly email: string
  readonly session: string
  in(org: string): TestPerson
  outcome(operation: Operation, input: object): Promise<Outcome>
  /** Answers the data; throws the error envelope. */
  call<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<DataOf<Op>>
  envelope<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<Envelope<DataOf<Op>>>
  error<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<ErrorEnvelope['error']>
}

/** Each comes from an address of its own: so many sign in from one that its limit would be met. */
let people = 0

/** Signs up, confirms the address by the mail, and signs in. */
export async function newPerson(node: TestNode, name: string, email = `${name}@example.com`): Promise<TestPerson> {
  const address = `198.51.100.${(people++ % 250) + 1}`
  const anyone = { credentials: {}, address }
  dataOf(await callAs(node, anyone, signUp, { email, password: PASSWORD, name }))
  dataOf(await callAs(node, anyone, verifyEmail, { token: await tokenTo(node, email) }))
  const { session, user } = dataOf<typeof createSession>(
    await callAs(node, anyone, createSession, { email, password: PASSWORD }),
  )
  if (typeof session?.token !== 'string' || user === null) throw new Error('nobody has signed in')
  return personOf(node, { id: user.id, email, session: session.token, address })
}

function personOf(
  node: TestNode,
  who: { id: UserId; email: string; session: string; address: string; org?: string },
): TestPerson {
  const { id, email, session, address, org } = who
  const outcome = (operation: Operation, input: object): Promise<Outcome> =>
    callAs(node, { credentials: { apiKey: session }, address, org }, operation, {
      ...('org' in operation.params.shape && org !== undefined ? { org } : {}),
      ...input,
    })
  return {
    id,
    email,
    session,
    in: (named) => personOf(node, { ...who, org: named }),
    outcome,
    call: async <Op extends Operation>(operation: Op, input: CallInputOf<Op>) =>
      dataOf<Op>(await outcome(operation, input)),
    envelope: async <Op extends Operation>(operation: Op, input: CallInputOf<Op>) => {
      const answer = await outcome(operation, input)
      if (!answer.ok) throw new Error(JSON.stringify(answer.envelope))
      return answer.envelope as Envelope<DataOf<Op>>
    },
    error: async (operation, input) => {
      const answer = await outcome(operation, input)
      if (answer.ok) throw new Error('it was expected to fail')
      return answer.envelope.error
    },
  }
}

/** The token of the newest mail to somebody whose link leads to such a page. */
export async function tokenTo(node: Pick<TestNode, 'dir'>, email: string, page = ''): Promise<string> {
  const token = (): string | undefined => {
    const mail = mailsTo(node, email).findLast((text) => text.includes(`${page}?token=`))
    return /\?token=([\w.~%-]+)/.exec(mail ?? '')?.[1]
  }
  await waitFor(async () => token() !== undefined, 20_000)
  return decodeURIComponent(token() ?? '')
}

/** What has come for somebody, oldest first, readable. */
export function mailsTo({ dir }: Pick<TestNode, 'dir'>, email: string): string[] {
  const outbox = join(dir, 'outbox')
  if (!existsSync(outbox)) return []
  return readdirSync(outbox)
    .filter((name) => name.endsWith('.eml'))
    .toSorted()
    .map((name) =>
      readFileSync(join(outbox, name), 'utf8')
        .replaceAll(/=\r?\n/g, '')
        .replaceAll('=3D', '='),
    )
    .filter((text) => text.includes(`To: ${email.toLowerCase()}`))
}

export function callAs(
  { caller }: Pick<TestNode, 'caller'>,
  {
    org,
    address = '192.0.2.1',
    credentials,
    idempotencyKey,
  }: { credentials: Credentials; org?: string | undefined; address?: string; idempotencyKey?: string },
  operation: Operation,
  input: object,
): Promise<Outcome> {
  const fields = fieldsOf(operation)
  const parts = PARTS.map(
    (part) =>
      [
        part,
        Object.fromEntries(Object.entries(input).filter(([name]) => (fields.get(name) ?? 'query') === part)),
      ] as const,
  )
  return caller.call(operation, {
    credentials,
    org,
    input: Object.fromEntries(parts) as { params: object; query: object; body: object } as never,
    requestId: 'request-of-a-test',
    address,
    idempotencyKey,
    signal: new AbortController().signal,
  })
}

function dataOf<Op extends Operation>(outcome: Outcome): DataOf<Op> {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
  return outcome.envelope.data as DataOf<Op>
}
