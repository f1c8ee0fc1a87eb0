import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../test/support/database.ts'
import { ROOT_KEY, startTestNode, type TestNode } from '../../test/support/node.ts'
import { newPerson } from '../../test/support/person.ts'
import { getCredits } from '../contract/credits.ts'
import { createOrganization, onboardOrganization } from '../contract/identity.ts'
import { createIdentity, type OnboardingStep } from '../domains/identity/index.ts'
import { systemClock } from '../kernel/clock.ts'
import { createCaller, type Outcome } from '../kernel/run-operation.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { recordLeftovers } from './record-leftovers.ts'
import { WELCOME, welcomeCreditsStep } from './welcome-credits.ts'

let node: TestNode
let broken: { run: boolean; undo: boolean }
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

const elsewhere: OnboardingStep = {
  name: 'elsewhere',
  run: async () => {
    if (broken.run) throw new TenonError('unavailable')
  },
  undo: async () => {
    if (broken.undo) throw new TenonError('unavailable')
  },
}

function maker() {
  const { db } = node.database
  const parts = { db, rootKey: ROOT_KEY, clock: systemClock, log: silentLog, leftovers: recordLeftovers(db) }
  const identity = createIdentity({ ...parts, onboarding: [welcomeCreditsStep(db), elsewhere] })
  const caller = createCaller({
    verbs: identity.verbs,
    authenticate: identity.authenticate,
    limiter: { take: async () => null },
    findOrg: async () => null,
    tenant: db.tenant,
    log: silentLog,
    clock: systemClock,
  })
  const onboard = (slug: string): Promise<Outcome> =>
    caller.call(onboardOrganization, {
      credentials: { rootKey: ROOT_KEY },
      input: { params: {}, query: {}, body: { slug, name: slug } },
      requestId: 'request-of-a-test',
      signal: new AbortController().signal,
      address: '192.0.2.1',
    })
  return { identity, onboard }
}

describe('a new organisation', () => {
  it('has its welcome credits, once, for ninety days', async () => {
    const org = await node.onboard('welcomed')
    expect(await org.call(getCredits, {})).toMatchObject({ available: WELCOME.credits })
    const grants = await node.database.query<{ days: number }>(
      `select round(extract(epoch from g.expires_at - o.created_at) / 86400)::int as days
       from credit_grants g join organizations o using (org_id) where o.slug = 'welcomed' and g.source = 'welcome'`,
    )
    expect(grants).toEqual([{ days: 90 }])
  })

  it('is its maker’s when all else is there: in what may still be undone, nobody works', async () => {
    const person = await newPerson(node, 'maker')
    await person.call(createOrganization, { slug: 'made', name: 'Made' })
    const [journal] = await node.database.query<{ steps: string[] }>(
      "select steps from onboardings where slug = 'made'",
    )
    expect(journal?.steps).toEqual(['organization', 'welcome credits', 'owner'])
  })

  it('that can not be made leaves none of them', async () => {
    broken = { run: true, undo: false }
    expect(await maker().onboard('unwelcome')).toMatchObject({ code: 'unavailable' })
    const [journal] = await node.database.query<{ org_id: string; state: string }>(
      "select org_id, state from onboardings where slug = 'unwelcome'",
    )
    expect(journal?.state).toBe('undone')
    for (const table of ['organizations', 'credit_grants', 'credit_entries', 'credit_accounts'])
      expect([table, await node.database.query(`select from ${table} where org_id = $1`, [journal?.org_id])]).toEqual([
        table,
        [],
      ])
  })
})

describe('what can not be undone', () => {
  it('is an orphan of the operator until it is', async () => {
    broken = { run: true, undo: true }
    const { identity, onboard } = maker()
    await onboard('left-over')
    const orphans = () =>
      node.database.query<{ status: string; details: object }>(
        `select f.kind, f.status, f.details from orphans f join onboardings o on o.org_id = f.reference
         where o.slug = 'left-over'`,
      )
    const sweep = async (): Promise<void> => {
      await node.database.query("update onboardings set lease_until = now() - interval '1 hour'")
      await identity.sweep()
    }
    for (let n = 0; n < 2; n++) await sweep()
    expect(await orphans()).toEqual([])
    await sweep()
    const details = { step: 'elsewhere', tries: 4, code: 'unavailable' }
    expect(await orphans()).toEqual([{ kind: 'onboarding_left_over', status: 'open', details }])
    broken = { run: false, undo: false }
    await sweep()
    expect(await orphans()).toMatchObject([{ status: 'resolved' }])
  })
})
