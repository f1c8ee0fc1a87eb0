import type { ErrorDetails } from '../../contract/errors.ts'
import { ORPHAN_KINDS, type OrphanKind } from '../../contract/finding-kinds.ts'
import type { OrphanSystem } from '../../contract/findings.ts'
import { newId } from '../../kernel/ids.ts'
import type { Database } from '../../platform/db/index.ts'
import { closeOrphan, closeUnseenOrphans, upsertOrphan } from './orphans.sql.ts'

export interface OrphanThing {
  readonly system: OrphanSystem
  readonly kind: OrphanKind
  /** Its id there. */
  readonly reference: string
  /** Those of the kind unless they are given. */
  readonly cause?: string
  readonly recovery?: string
  readonly details?: ErrorDetails
}

/** Answers whether it was not known before. */
export async function recordOrphan(db: Database, found: OrphanThing): Promise<{ isNew: boolean }> {
  const usual = ORPHAN_KINDS[found.kind]
  const [row] = await db.cross('reconciler', (sql) =>
    sql.run(upsertOrphan, {
      id: newId('orphan'),
      system: found.system,
      kind: found.kind,
      reference: found.reference,
      cause: found.cause ?? usual.cause,
      recovery: found.recovery ?? usual.recovery,
      details: JSON.stringify(found.details ?? {}),
    }),
  )
  return { isNew: row?.isNew ?? false }
}

export async function resolveOrphan(
  db: Database,
  { system, kind, reference }: Pick<OrphanThing, 'system' | 'kind' | 'reference'>,
): Promise<{ resolved: boolean }> {
  const rows = await db.cross('reconciler', (sql) => sql.run(closeOrphan, { system, kind, reference }))
  return { resolved: rows.length > 0 }
}

/** For a check that has looked at everything since then: what it has not seen again is over. */
export async function resolveOrphansUnseen(
  db: Database,
  { kinds, since }: { readonly kinds: readonly OrphanKind[]; readonly since: string },
): Promise<number> {
  const rows = await db.cross('reconciler', (sql) => sql.run(closeUnseenOrphans, { kinds: [...kinds], since }))
  return rows.length
}
