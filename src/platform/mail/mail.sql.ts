import { statement } from '../../kernel/statement.ts'

export type MailState = 'queued' | 'sent' | 'failed' | 'dropped'

export const insertMail = statement<{
  id: string
  recipient: string
  template: string
  content: Buffer | null
  state: MailState
}>(
  'mail.insert',
  `insert into mails (id, recipient, template, content, state) values (:id, :recipient, :template, :content, :state)`,
)

/** Nothing when it was sent, or nobody is to get it. */
export const beginTry = statement<{ id: string }, { recipient: string; content: Buffer; tries: number }>(
  'mail.beginTry',
  `update mails set tries = tries + 1 where id = :id and state = 'queued' returning recipient, content, tries`,
)

export const endMail = statement<{ id: string; state: MailState; sentAt: Date | null }>(
  'mail.end',
  `update mails set state = :state, content = null, sent_at = :sentAt where id = :id and state = 'queued'`,
)

/** What no try will send any more does not keep its content. */
export const giveUpOnOld = statement<object, { id: string }>(
  'mail.giveUp',
  `update mails set state = 'failed', content = null
   where state = 'queued' and created_at < clock_timestamp() - interval '24 hours' returning id`,
)

export const deleteOldMails = statement<object>(
  'mail.deleteOld',
  `delete from mails where created_at < clock_timestamp() - interval '30 days'
     or (state = 'dropped' and created_at < clock_timestamp() - interval '1 day')`,
)
