import type { OrgId } from '../../../contract/ids.ts'
import type { Database } from '../../../platform/db/index.ts'
import { countMade, selectStuck } from './stuck.sql.ts'

export interface StuckOnboardings {
  /** Journals that there are. */
  readonly count: number
  readonly stuck: readonly {
    readonly org: OrgId
    readonly slug: string
    readonly state: string
    readonly steps: readonly string[]
  }[]
}

/** Organisations whose making has neither ended nor gone on for a quarter of an hour. */
export function stuckOnboardings(db: Database): Promise<StuckOnboardings> {
  return db.cross('keeper', async (sql) => {
    const [counted] = await sql.run(countMade, {})
    return { count: counted?.count ?? 0, stuck: await sql.run(selectStuck, {}) }
  })
}
