import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../contract/audit.ts'

/** What an entry says, before the chain gives it its place. */
export type AuditFacts = Omit<AuditEntry, 'seq' | 'hash' | 'previousHash'>

/** The text that the hash covers: it is stored as it is, and made again from the fields by whoever verifies. */
export function canonicalText(facts: AuditFacts): string {
  const { at, action, outcome, code, actor, address, requestId, resources, details } = facts
  return JSON.stringify([at, action, outcome, code, actor, address, requestId, resources, details])
}

export function factsOf(text: string): AuditFacts {
  const [at, action, outcome, code, actor, address, requestId, resources, details] = JSON.parse(text) as [
    AuditFacts['at'],
    AuditFacts['action'],
    AuditFacts['outcome'],
    AuditFacts['code'],
    AuditFacts['actor'],
    AuditFacts['address'],
    AuditFacts['requestId'],
    AuditFacts['resources'],
    AuditFacts['details'],
  ]
  return { at, action, outcome, code, actor, address, requestId, resources, details }
}

/** Stands before the first entry, so that the chain of one organisation is none of another. */
export function genesisHash(org: string): Buffer {
  return createHash('sha256').update(`tenon.audit.1\n${org}`).digest()
}

export function entryHash(previous: Buffer, seq: number, text: string): Buffer {
  return createHash('sha256').update(previous).update(`${seq}\n${text}`).digest()
}

export type Verdict =
  | {
      readonly ok: true
      readonly entries: number
      readonly first: number
      readonly last: number
      readonly head: string
    }
  | { readonly ok: false; readonly seq: number; readonly reason: string }

export interface Expected {
  /** Id of the organisation whose whole trail it has to be, from the first entry on. */
  readonly org?: string | undefined
  /** Hash of the last entry, noted earlier or elsewhere: then a trail that was cut short is found. */
  readonly head?: string | undefined
}

/** Checks entries in the order of the chain, without a server. Names the first that does not fit. */
export async function verifyChain(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  { org, head }: Expected,
): Promise<Verdict> {
  let count = 0
  let first = 0
  let last = 0
  let previous: string | null = null
  for await (const entry of entries) {
    const broken = (reason: string): Verdict => ({ ok: false, seq: entry.seq, reason })
    if (count === 0) {
      first = entry.seq
      if (org !== undefined && (first !== 1 || entry.previousHash !== genesisHash(org).toString('hex')))
        return broken('it is not the beginning of the trail of this organisation')
    } else if (entry.seq !== last + 1) return broken(`entry ${last + 1} is missing`)
    else if (entry.previousHash !== previous) return broken('it does not follow the entry before')
    const hash = entryHash(Buffer.from(entry.previousHash, 'hex'), entry.seq, canonicalText(entry))
    if (hash.toString('hex') !== entry.hash) return broken('it was changed')
    previous = entry.hash
    last = entry.seq
    count += 1
  }
  if (org !== undefined && count === 0) return { ok: false, seq: 0, reason: 'there is no entry' }
  if (head !== undefined && head !== previous) return { ok: false, seq: last, reason: 'it is not the last entry' }
  return { ok: true, entries: count, first, last, head: previous ?? '' }
}
