import type { UserId } from '../contract/ids.ts'
import type { Accounts, AccountsOptions } from '../domains/accounts/index.ts'
import { createAlerts, type ActivitySource, type AlertWebhook } from '../domains/alerts/index.ts'
import { createBilling, type BillingOptions, type StripeSettings } from '../domains/billing/index.ts'
import { balanceOf, creditsVerbs, sweepCredits, usedCredits } from '../domains/credits/index.ts'
import { findingsVerbs } from '../domains/findings/index.ts'
import { createIdentity, type Identity, type OAuthOptions, type PersonCredential } from '../domains/identity/index.ts'
import type { ClosingStep, MeSources, OnboardingStep } from '../domains/identity/index.ts'
import { createIssuers, type IssuerSettings } from '../domains/issuers/index.ts'
import { createMembers, enterOrg, memberHold, ownersOf, type Members } from '../domains/members/index.ts'
import { createReconciliation } from '../domains/reconcile/index.ts'
import type { Clock, Log } from '../kernel/ctx.ts'
import type { Refused } from '../kernel/run-operation.ts'
import type { VerifySignature } from '../kernel/identify.ts'
import type { BoundVerb } from '../kernel/verb.ts'
import { runEnds, startedRuns } from '../pipelines/engine/index.ts'
import type { Database } from '../platform/db/index.ts'
import type { Mail } from '../platform/mail/index.ts'
import type { Job, Queue } from '../platform/queue/index.ts'
import { composeAccounts, type PeopleOptions } from './compose-accounts.ts'
import { recordLeftovers } from './record-leftovers.ts'
import { welcomeCreditsStep } from './welcome-credits.ts'

/** What the domains of customers and money are made of. */
export interface DomainOptions {
  readonly db: Database
  readonly queue: Queue
  readonly clock: Clock
  readonly log: Log
  readonly rootKey: string
  /** Where people reach this installation. */
  readonly publicUrl: string
  readonly oauth?: OAuthOptions | undefined
  readonly accounts: PeopleOptions
  /** Whose people may sign in; nobody's when left out. */
  readonly issuers?: IssuerSettings | undefined
  /** What the pipelines do when an organisation is closed. */
  readonly closing?: readonly ClosingStep[] | undefined
  readonly alertWebhook?: AlertWebhook | undefined
  /** Nothing can be bought when left out. */
  readonly stripe?: StripeSettings | undefined
}

/** The domains of customers and money, put together: each hands over what the node runs. */
export interface Domains {
  readonly identity: Identity
  readonly accounts: Accounts
  readonly members: Members
  /** Beside those of the identity. */
  readonly verbs: readonly BoundVerb[]
  readonly jobs: readonly Job[]
  /** What every worker does once a minute. */
  readonly tasks: readonly (() => Promise<void>)[]
  readonly verifySignature: VerifySignature
  /** Told of every refusal. */
  readonly refused: Refused
  /** Writes what is not written yet, before the database is closed. */
  flush(): Promise<void>
  /** What a worker runs all the time; answers how to end it. */
  startWork(): () => Promise<void>
}

export function composeDomains(options: DomainOptions): Domains {
  const people: PersonCredential[] = []
  const onboarding: OnboardingStep[] = []
  const closing: ClosingStep[] = [...(options.closing ?? [])]
  const leftovers = recordLeftovers(options.db)
  const enter = (user: UserId, named?: string) => enterOrg(options.db, user, named)
  const endForeign: AccountsOptions['endForeign'] = ({ actor }) => issuers.signOut(actor)
  const { accounts, mail } = composeAccounts({ ...options, enter, endForeign }, options.accounts)
  const known = { ...(options.issuers ?? { connections: [] }), createPerson: accounts.createForeignUser, enter }
  const issuers = createIssuers({ ...options, ...known })
  people.push(accounts.credential, issuers)
  const members = createMembers({ ...options, people: accounts, queueMail: mail.queueMail })
  const owners = ownersVia(options.db, accounts, mail)
  const billing = createBilling({ ...options, settings: options.stripe, owners })
  // Whoever makes an organisation enters it last: what an interruption has left is undone, with all that is in it.
  onboarding.push(...billing.onboarding, welcomeCreditsStep(options.db), members.ownerStep())
  closing.push(...billing.closing)
  const me = { findPerson: findPersonOf(accounts), membershipsOf: members.membershipsOf, balanceOf }
  const identity = createIdentity({ ...options, people, onboarding, closing, leftovers, me, holdMember: memberHold })
  const alerts = createAlerts({ ...options, webhook: options.alertWebhook, sources: activityOf(options.db) })
  const { usersWithoutOrg } = members
  const reconciliation = createReconciliation({ ...options, billing: billing.records, runEnds, usersWithoutOrg })
  return {
    identity,
    accounts,
    members,
    verbs: [
      ...billing.verbs,
      ...creditsVerbs,
      ...findingsVerbs(options.db),
      ...issuers.verbs,
      ...alerts.verbs,
      ...reconciliation.verbs,
      ...accounts.verbs,
      ...members.verbs,
    ],
    jobs: [...mail.jobs],
    tasks: [
      ...billing.tasks,
      ...accounts.tasks,
      ...members.tasks,
      ...mail.tasks,
      () => identity.sweep(),
      () => sweepCredits(options.db, options),
      () => issuers.sweep(),
      () => alerts.watch(),
    ],
    verifySignature: billing.verifySignature,
    refused: async (call, error) => alerts.refused(call, error),
    flush: async () => {
      await alerts.flush()
      await mail.close()
    },
    startWork: () => endsOf([billing.startWork(), reconciliation.start()]),
  }
}

function ownersVia(db: Database, accounts: Accounts, { queueMail }: Pick<Mail, 'queueMail'>): BillingOptions['owners'] {
  return {
    addressesOf: async (org) => {
      const found = await accounts.findUsers(await ownersOf(db.tenant, org))
      return found.flatMap(({ email }) => email ?? [])
    },
    queueMail,
  }
}

function endsOf(ends: readonly (() => Promise<void>)[]): () => Promise<void> {
  return async () => void (await Promise.all(ends.map((end) => end())))
}

function activityOf(db: Database): readonly ActivitySource[] {
  return [
    { metric: 'runsStarted', read: (since) => startedRuns(db, since) },
    { metric: 'creditsUsed', read: (since) => usedCredits(db, since) },
  ]
}

function findPersonOf(accounts: Accounts): MeSources['findPerson'] {
  return async (user) => (await accounts.findUsers([user]))[0] ?? null
}
