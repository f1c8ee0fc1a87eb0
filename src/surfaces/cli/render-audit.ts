import type { AuditEntry } from '../../contract/audit.ts'
import { listOf, type Look } from './text.ts'

/** From so many columns on, ids are shown in full. */
const WIDE = 140

export function renderAudit(entries: AuditEntry[], look: Look): string {
  const idText = look.width < WIDE ? shortId : (id: string): string => id
  return listOf(entries, look, 'No entries.', ['TIME', 'ACTION', 'OUTCOME', 'ACTOR', 'RESOURCES'], (entry) => [
    entry.at.replace('T', ' ').replace(/\.\d+Z$/, 'Z'),
    entry.action,
    entry.code ?? entry.outcome,
    idText(entry.actor),
    // One thing may stand under two names: as what was asked for and as what was answered.
    [...new Set(Object.values(entry.resources))].map(idText).join(' '),
  ])
}

/** The end of an id tells it from its like; its beginning says what kind of thing it is. */
function shortId(text: string): string {
  return text.replace(/^([a-z]+_)[0-9a-z]{22}([0-9a-z]{4})$/, '$1…$2')
}
