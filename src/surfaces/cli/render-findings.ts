import type { Severity } from '../../contract/finding-kinds.ts'
import type { Finding, Orphan } from '../../contract/findings.ts'
import { paragraph, step } from './sections.ts'
import { ago, idTextOf, plain, styleOf, type Look, type Renderers } from './text.ts'

const TONES: Readonly<Record<Severity, 'red' | 'yellow' | 'dim'>> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'dim',
}

export const FINDING_RENDERERS: Renderers = {
  'findings.list': (findings: Finding[], look: Look) =>
    blocks(findings, 'No findings: nothing is wrong as far as was looked.', (finding) =>
      describeFinding(finding, look),
    ),
  'findings.resolve': (finding: Finding) =>
    `${finding.status === 'ignored' ? 'Ignored' : 'Resolved'}: ${finding.kind} of ${plain(finding.subject)}.${
      finding.status === 'ignored' ? ' It stays closed when it is found again.' : ''
    }\n`,
  'orphans.list': (orphans: Orphan[], look: Look) =>
    blocks(orphans, 'No orphans: everything belongs to an organisation.', (orphan) => describeOrphan(orphan, look)),
}

function blocks<T>(items: readonly T[], empty: string, block: (item: T) => string): string {
  return items.length === 0 ? `${empty}\n` : items.map(block).join('\n')
}

function describeFinding(finding: Finding, look: Look): string {
  const { severity, kind, subject, status, cause, recovery } = finding
  const mark = styleOf(look.colors)(status === 'open' ? TONES[severity] : 'dim', severity.padEnd(8))
  return told(`${mark}  ${heading(kind, subject, look)}`, { cause, recovery, isOpen: status === 'open' }, finding, look)
}

function describeOrphan(orphan: Orphan, look: Look): string {
  const { system, kind, reference, status, cause, recovery } = orphan
  const mark = styleOf(look.colors)(status === 'open' ? 'yellow' : 'dim', system)
  return told(
    `${mark}  ${heading(kind, reference, look)}`,
    { cause, recovery, isOpen: status === 'open' },
    orphan,
    look,
  )
}

function heading(kind: string, subject: string, look: Look): string {
  return `${styleOf(look.colors)('bold', kind)}  ${plain(subject)}`
}

interface Told {
  readonly cause: string
  readonly recovery: string
  readonly isOpen: boolean
}

/** What is over needs no next step. */
function told(head: string, { cause, recovery, isOpen }: Told, seen: Finding | Orphan, look: Look): string {
  const since = `${seen.status}, seen ${ago(seen.lastSeenAt)}, first ${ago(seen.firstSeenAt)}`
  const foot = styleOf(look.colors)('dim', `  ${idTextOf(look)(seen.id)}  ${since}`)
  return `${head}\n${paragraph(cause, 2, look)}${isOpen ? step(recovery, look) : ''}${foot}\n`
}
