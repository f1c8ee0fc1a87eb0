import type { Envelope } from '../../contract/operation.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import { nameOfActor } from '../../kernel/ctx.ts'
import type { Call, Step } from '../../kernel/call.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { seal, unseal } from '../../platform/kms/index.ts'
import { claimRecord, keepAnswer, selectRecord } from './idempotency.sql.ts'
import { requestDigest } from './request-digest.ts'

/** Thrown inside the transaction to undo it: another call with this key has just committed. */
class Done extends Error {}

/**
 * A repeat is answered before quota is looked at. The record is claimed by the transaction that does the work and filled
 * before it commits: effect and record exist together or not at all, and of two calls at once one waits for the other.
 * A call that was refused leaves no record.
 */
export function idempotencySteps(tenant: TenantOf): Readonly<Record<'replay' | 'claim' | 'record', Step>> {
  const replayed = async (call: Call): Promise<boolean> => {
    const found = keyOf(call)
    return found !== null && replay(call, found, tenant(found.org).read)
  }
  return {
    async replay(call, next) {
      if (await replayed(call)) return
      try {
        await next()
      } catch (thrown) {
        // Also a refusal by quota: what has used it up may have been this very call, sent before.
        const raced = thrown instanceof Done || (thrown instanceof TenonError && thrown.code === 'quota_exceeded')
        if (raced && (await replayed(call))) return
        throw thrown instanceof Done ? new TenonError('idempotency_in_progress', { cause: thrown }) : thrown
      }
    },
    async claim(call, next) {
      const found = keyOf(call)
      if (found !== null && call.sql !== null) {
        const { org, key } = found
        const requestSha256 = digestOf(call)
        const record = { org, key, operation: call.operation.name, requestSha256, sealed: call.operation.reveals }
        const [claimed] = await call.sql.run(claimRecord, record)
        if (claimed === undefined) throw new Done()
      }
      await next()
    },
    async record(call, next) {
      const found = keyOf(call)
      if (found !== null && call.sql !== null) {
        const text = JSON.stringify(call.envelope)
        const answer = call.operation.reveals ? seal(lockOf(call, found), text) : Buffer.from(text)
        await call.sql.run(keepAnswer, { org: found.org, key: found.key, answer })
      }
      await next()
    },
  }
}

type Found = { readonly org: NonNullable<Call['principal']['org']>['id']; readonly key: string }

function keyOf({ operation, request: { idempotencyKey }, principal: { org } }: Call): Found | null {
  if (operation.tx !== 'write' || idempotencyKey === undefined || org === null) return null
  return { org: org.id, key: idempotencyKey }
}

async function replay(call: Call, { org, key }: Found, sql: Sql): Promise<boolean> {
  const [record] = await sql.run(selectRecord, { org, key })
  if (record === undefined || record.answer === null) return false
  const same = record.operation === call.operation.name && record.requestSha256.equals(digestOf(call))
  const text = !same
    ? null
    : record.sealed
      ? unseal(lockOf(call, { org, key }), record.answer)
      : record.answer.toString('utf8')
  if (text === null) throw new TenonError('idempotency_key_reused')
  call.envelope = JSON.parse(text) as Envelope
  call.replayed = true
  return true
}

/** What needs no scope is done to whoever calls: of somebody else it is another request. */
function digestOf({ operation: { name, scope }, input, principal: { actor } }: Call): Buffer {
  return requestDigest(name, scope === null ? { input, caller: nameOfActor(actor) } : input)
}

/** An answer that holds a secret opens only with the credential of the call that it was given to. */
function lockOf({ operation, request: { credentials } }: Call, { org, key }: Found): { secret: string; place: string } {
  const secret = operation.auth === 'root' ? credentials.rootKey : (credentials.apiKey ?? credentials.session)
  return { secret: secret ?? '', place: `${org} ${key}` }
}
