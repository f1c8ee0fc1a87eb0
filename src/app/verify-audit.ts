import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { auditEntry, type AuditEntry } from '../contract/audit.ts'
import { EXIT } from '../contract/errors.ts'
import { verifyChain } from '../domains/audit/index.ts'
import { TenonError } from '../kernel/tenon-error.ts'

export interface VerifyOptions {
  /** What `tenon audit export` wrote; `-` is standard input. */
  readonly file: string
  readonly org: string | undefined
  readonly head: string | undefined
  readonly json: boolean
  readonly say: (line: string) => void
}

/**
 * `tenon audit verify`: reads an exported trail and needs neither server nor database.
 *
 * @throws TenonError `audit_broken` with the first entry that does not fit, `usage` (no such file)
 */
export async function verifyAudit({ file, org, head, json, say }: VerifyOptions): Promise<number> {
  const verdict = await verifyChain(entriesOf(file), { org, head })
  if (!verdict.ok) throw new TenonError('audit_broken', { details: { seq: verdict.seq, reason: verdict.reason } })
  const { entries, first, last } = verdict
  if (json) say(JSON.stringify({ data: { entries, first, last, head: verdict.head } }))
  else if (entries === 0) say('The file has no entries.')
  else say(`${entries} entries, ${first} to ${last}: the chain is whole.\nhead ${verdict.head}`)
  return EXIT.done
}

async function* entriesOf(file: string): AsyncGenerator<AuditEntry> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let number = 0
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      if (line.trim() !== '') yield entryOf(line, number)
    }
  } catch (cause) {
    if (cause instanceof TenonError) throw cause
    throw new TenonError('usage', { details: { reason: `${file} can not be read` }, cause })
  }
}

function entryOf(line: string, number: number): AuditEntry {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // What is no JSON is refused below, with the number of its line.
    value = null
  }
  const parsed = auditEntry.safeParse(value)
  if (!parsed.success)
    throw new TenonError('audit_broken', { details: { line: number, reason: 'it is no audit entry' } })
  return parsed.data
}
