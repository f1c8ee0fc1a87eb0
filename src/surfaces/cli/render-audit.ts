import type { AuditEntry } from '../../contract/audit.ts'
import { listOf } from './table.ts'
import { idTextOf, moment, type Look } from './text.ts'

export function renderAudit(entries: AuditEntry[], look: Look): string {
  const idText = idTextOf(look)
  return listOf(entries, look, 'No entries.', ['TIME', 'ACTION', 'OUTCOME', 'ACTOR', 'RESOURCES'], (entry) => [
    moment(entry.at),
    entry.action,
    entry.code ?? entry.outcome,
    idText(entry.actor),
    // One thing may stand under two names: as what was asked for and as what was answered.
    [...new Set(Object.values(entry.resources))].map(idText).join(' '),
  ])
}
