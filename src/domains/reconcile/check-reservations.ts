import type { RunId } from '../../contract/ids.ts'
import { creditsOfRuns, heldCredits, releaseHeld } from '../credits/index.ts'
import { auditRepair } from './audit-repair.ts'
import { sawLeft, sawRepaired, type OrgCheck } from './org-check.ts'

/** Open reservations beside their runs. The reservations are read first: a run is there before its reservation can be seen. */
export async function checkReservations(check: OrgCheck): Promise<void> {
  const { deps, org, dryRun, tally } = check
  const sql = deps.db.tenant(org).read
  for await (const page of heldCredits(sql, org)) {
    const ends = await deps.runEnds(
      sql,
      org,
      page.map(({ run }) => run),
    )
    tally.checked('reservations', page.length)
    for (const { run, held } of page) {
      const ended = ends.get(run)
      if (ended === false) continue
      const found = { kind: ended === undefined ? 'hold_without_run' : 'hold_of_ended_run', subject: run } as const
      if (ended === undefined || dryRun) {
        // It may have been closed since it was read.
        if (await isHeld(check, run)) sawLeft(check, 'reservations', { ...found, details: { credits: held } })
      } else if (await release(check, run)) sawRepaired(check, 'reservations', found.kind, run)
    }
  }
}

async function isHeld({ deps, org }: OrgCheck, run: RunId): Promise<boolean> {
  const credits = (await creditsOfRuns(deps.db.tenant(org).read, org, [run])).get(run)
  return credits !== undefined && credits.reserved > 0
}

/** Answers whether there was something to give back still. */
function release({ deps, org }: OrgCheck, run: RunId): Promise<boolean> {
  return deps.db.tenant(org).write(async (sql) => {
    const hasEnded = async () => (await deps.runEnds(sql, org, [run])).get(run) === true
    const credits = await releaseHeld(sql, org, { run, key: 'reconcile', hasEnded })
    if (credits === 0) return false
    await auditRepair(sql, org, {
      kind: 'hold_of_ended_run',
      subject: run,
      details: { released: credits },
      clock: deps.clock,
    })
    return true
  })
}
