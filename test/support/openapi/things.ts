import { createCheckout } from '../../../src/contract/billing.ts'
import type { Client } from '../../../src/contract/client.ts'
import { listFindings } from '../../../src/contract/findings.ts'
import { getMe } from '../../../src/contract/identity.ts'
import { createInvitation } from '../../../src/contract/members.ts'
import { recordFinding } from '../../../src/domains/findings/index.ts'
import { addMember } from '../add-member.ts'
import { chargedRun } from '../charged-run.ts'
import type { TestDatabase } from '../database.ts'
import { tokenTo } from '../person.ts'
import type { Json } from './document.ts'
import type { KnownPeople } from './people.ts'

interface Of {
  readonly client: Client
  readonly slug: string
  /** Of the data of the server, where its outbox is. */
  readonly dir: string
  readonly people: KnownPeople
}

/** What an organisation has of members, money and findings, so that requests that ask for it lead somewhere. */
export async function makeThings(
  database: TestDatabase,
  { client, slug, dir, people }: Of,
): Promise<Readonly<Record<string, readonly Json[]>>> {
  const org = (await client.call(getMe, {})).data.org?.id
  if (org === undefined) throw new Error(`${slug} has no id`)
  await addMember(database, slug, { id: people.leaving })
  const members = await Promise.all(Array.from({ length: 6 }, () => addMember(database, slug)))
  await client.call(createInvitation, { email: people.email })
  const invitations: string[] = []
  for (let n = 0; n < 6; n++)
    invitations.push((await client.call(createInvitation, { email: `guest-${n}@example.com` })).data.id)
  await database.db.tenant(org).write((sql) => recordFinding(sql, org, { kind: 'above_limit', subject: 'seats' }))
  const [finding] = (await client.call(listFindings, {})).data
  await database.query(
    `insert into stripe_events (id, type, livemode, created_at, state, reason, tries, next_try_at, handled_at)
     values ('evt_fuzz', 'a.type', false, now(), 'done', 'not_handled', 1, null, now())`,
  )
  const run = await chargedRun(database, slug, 1_000)
  return {
    'members.update member': members.slice(0, 3),
    'members.remove member': members.slice(3),
    'invitations.resend invitation': invitations.slice(0, 3),
    'invitations.revoke invitation': invitations.slice(3),
    'invitations.accept token': [await tokenTo({ dir }, people.email, 'invitations')],
    finding: [finding?.id ?? ''],
    event: ['evt_fuzz'],
    'credits.statement run': [run],
    'credits.refund run': [run],
    'credits.refund amount': [1],
    'credits.grant amount': [5],
    'credits.entries run': [run],
    'billing.confirm session': [(await client.call(createCheckout, { pack: 'small' })).data.id],
    'reconcile.stripe only': [slug, org, 'nobody'],
    'stripe.webhook id': ['evt_fuzz', 'evt_fuzz_1', 'evt_fuzz_2'],
    'stripe.webhook type': ['customer.created', 'invoice.paid', 'a.type'],
    'stripe.webhook created': [Math.floor(Date.now() / 1000)],
    'stripe.webhook livemode': [false],
    'stripe.webhook data': [{ object: { id: 'cus_fuzz', object: 'customer' } }, { object: {} }],
  }
}
