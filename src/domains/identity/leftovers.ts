import type { OrgId } from '../../contract/ids.ts'

/** What could not be done in another system, however often it was tried: somebody has to look at it. */
export interface Leftover {
  readonly org: OrgId
  /** null when it is none of the steps. */
  readonly step: string | null
  readonly tries: number
  readonly error: unknown
}
export type Unfinished = 'onboarding' | 'closing'

/** Where that is put down. */
export interface Leftovers {
  stuck(what: Unfinished, leftover: Leftover): Promise<void>
  /** It has been done after all. */
  settled(what: Unfinished, org: OrgId): Promise<void>
}

/** After so many tries in vain it is told; the tries go on. */
export const TOLD_AFTER = 3
