import { createAccounts, type Accounts, type AccountsOptions } from '../domains/accounts/index.ts'
import { createMail, type Mail, type MailTransport } from '../platform/mail/index.ts'
import type { Queue } from '../platform/queue/index.ts'

export interface PeopleOptions {
  /** Sign sessions and links: the first one is used, all are accepted. */
  readonly secrets: readonly [string, ...string[]]
  /** What mails that wait are sealed with; the secrets when left out. */
  readonly masterKey?: string | undefined
  readonly transport: MailTransport
}

/** Accounts of people, and the mails that they get. */
export function composeAccounts(
  options: Omit<AccountsOptions, 'secrets' | 'mail'> & { readonly queue: Queue },
  { secrets, masterKey, transport }: PeopleOptions,
): { readonly accounts: Accounts; readonly mail: Mail } {
  const sealedWith = masterKey === undefined ? secrets : ([masterKey, ...secrets] as const)
  const mail = createMail({ ...options, transport, secrets: sealedWith })
  return { accounts: createAccounts({ ...options, secrets, mail }), mail }
}
