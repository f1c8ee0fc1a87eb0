import type { z } from 'zod'
import type { JsonValue } from '../contract/errors.ts'
import { PARTS, type Operation, type Part } from '../contract/operation.ts'
import { TenonError } from './tenon-error.ts'

/** As a surface received it; query values are already of the type that their schema wants. */
export type RawInput = Readonly<Record<Part, Readonly<Record<string, unknown>>>>

const MAX_ISSUES = 20
const MAX_PATH = 120
const MAX_MESSAGE = 240

type Issue = { readonly path: string; readonly message: string }

/** Params, query and body by the operation's schemas, in one object. Refused with the place of each mistake. */
export function parseInput(operation: Operation, raw: RawInput): object {
  const issues: Issue[] = []
  const input: Record<string, unknown> = {}
  for (const part of PARTS) {
    // PostgreSQL stores no NUL, and it would be an error of the server there.
    if (containsNul(raw[part])) {
      issues.push({ path: part, message: 'Text must not contain the NUL character' })
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

/** Without recursion: a body may be nested as deep as JSON allows. */
function containsNul(value: unknown): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string') {
      if (next.includes('\0')) return true
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, item] of Object.entries(next)) {
        if (key.includes('\0')) return true
        open.push(item)
      }
    }
  }
  return false
}
