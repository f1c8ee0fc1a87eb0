import type { z } from 'zod'
import type { JsonValue } from '../contract/errors.ts'
import { IDEMPOTENCY_KEY, PARTS, takesIdempotencyKey, type Operation, type Part } from '../contract/operation.ts'
import { TenonError } from './tenon-error.ts'

/** As a surface received it; query values are already of the type that their schema wants. */
export type RawInput = Readonly<Record<Part, Readonly<Record<string, unknown>>>>

const MAX_ISSUES = 20
const MAX_PATH = 120
const MAX_MESSAGE = 240

type Issue = { readonly path: string; readonly message: string }

/** Params, query and body by the operation's schemas, in one object. Refused with the place of each mistake. */
export function parseInput(operation: Operation, raw: RawInput, idempotencyKey?: string): object {
  const issues: Issue[] = []
  if (idempotencyKey !== undefined && takesIdempotencyKey(operation) && !IDEMPOTENCY_KEY.test(idempotencyKey))
    issues.push({ path: 'Idempotency-Key', message: '1 to 255 visible ASCII characters' })
  const input: Record<string, unknown> = {}
  for (const part of PARTS) {
    // PostgreSQL stores neither, and it would be an error of the server there.
    if (containsUnstorable(raw[part])) {
      issues.push({ path: part, message: 'Text must be well-formed Unicode without the NUL character' })
      continue
    }
    const parsed = operation[part].safeParse(raw[part])
    if (parsed.success) Object.assign(input, parsed.data)
    else issues.push(...parsed.error.issues.flatMap((issue) => describe(part, issue)))
  }
  if (issues.length > 0) {
    const details: Record<string, JsonValue> = { issues: issues.slice(0, MAX_ISSUES) }
    throw new TenonError('validation_failed', { details })
  }
  return input
}

function describe(part: Part, issue: z.core.$ZodIssue): Issue[] {
  const path = [part, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, MAX_ISSUES)
      .map((key) => ({ path: `${path}.${key}`.slice(0, MAX_PATH), message: 'There is no such field' }))
  }
  return [{ path: path.slice(0, MAX_PATH), message: issue.message.slice(0, MAX_MESSAGE) }]
}

/** Whether the database can keep it: it has no NUL and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** Without recursion: a body may be nested as deep as JSON allows. */
export function containsUnstorable(value: unknown): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string') {
      if (!isStorable(next)) return true
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, item] of Object.entries(next)) {
        if (!isStorable(key)) return true
        open.push(item)
      }
    }
  }
  return false
}
