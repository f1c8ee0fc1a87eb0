import type { Database } from '../../platform/db/index.ts'
import type { Mail } from '../../platform/mail/index.ts'
import type { People } from './people.ts'

export interface MembersDeps {
  readonly db: Database
  readonly people: People
  readonly queueMail: Mail['queueMail']
}
