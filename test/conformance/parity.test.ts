import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../src/contract/index.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { ALL_SCOPES } from '../../src/contract/scopes.ts'
import type { TestNode, TestOrg } from '../support/node.ts'
import { callerOf, inputOf, makingIn, secretOf, usualInputOf, type Making } from '../support/parity-inputs.ts'
import { startParitySetting, type Input } from '../support/parity-setting.ts'
import { steady } from '../support/steady.ts'
import { REQUEST_ID, surfacesOf, type Answer, type Raw } from '../support/surfaces.ts'
import { tracesOf, type Traces } from '../support/traces.ts'

/** Walks every operation over every surface that it stands on, and compares answer, error code, audit entry and what is counted. */
let making: Making
let node: TestNode
let org: TestOrg

beforeAll(async () => {
  making = makingIn(await startParitySetting())
  node = making.node
  org = making.org
})
afterAll(() => making.close())
afterEach(() => making.settle())

const errorCode = ({ text }: Raw): string | false => {
  const answer = JSON.parse(text) as Answer
  return 'error' in answer && answer.error.code
}

/** What each surface answers and leaves behind. */
async function onEach(
  operation: Operation,
  as: () => Promise<{ apiKey: string }>,
  input: () => Input | Promise<Input> = () => inputOf(making, operation),
): Promise<{ answer: Raw; traces: Traces }[]> {
  const all: { answer: Raw; traces: Traces }[] = []
  for (const [i] of surfacesOf(node, org).of(operation).entries()) {
    const given = await input()
    const ask = surfacesOf(node, { ...org, ...(await as()) }).of(operation)[i]
    if (ask !== undefined) all.push(await tracesOf(node.database, () => ask(given)))
  }
  return all
}

const asOwner = async () => org

/** Whom an operation is counted on. */
function countedOn({ auth, rescue, signIn, proves }: Operation): Readonly<Record<string, number>> {
  if (auth === 'public') return signIn === null ? { anonymous: 1 } : { signIn: 1, signInAccount: 1 }
  if (auth === 'session' && rescue) return { rescue: 1 }
  if (proves) return { user: 1, signInAccount: 1 }
  return auth === 'root' ? { root: 1 } : auth === 'session' ? { user: 1 } : rescue ? { rescue: 1 } : { org: 1 }
}

/** Compares each surface with the first; the message of a failure names the surface. */
function expectAlike(all: readonly { answer: Raw; traces: Traces }[], operation: Operation): void {
  const [first] = all
  const shown = ({ answer, traces }: { answer: Raw; traces: Traces }) => ({
    text: steady(JSON.parse(answer.text), operation),
    // The key that called, where each call has one of its own.
    traces: steady(traces, operation),
  })
  for (const one of all)
    expect({ surface: one.answer.surface, ...shown(one) }).toEqual({
      surface: one.answer.surface,
      ...shown(first ?? one),
    })
}

/** What Stripe signs comes over REST alone, from nobody who has a key. */
const asJson = OPERATIONS.filter(({ kind, auth }) => kind === 'json' && auth !== 'signature')

describe('every operation, on every surface that it stands on,', () => {
  for (const operation of asJson) {
    it(`gives the same answer, audit entry and count: ${operation.name}`, async () => {
      const all = await onEach(operation, () => callerOf(making, operation))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: false })
        expect({ surface, counted: traces.counted }).toEqual({ surface, counted: countedOn(operation) })
        const expected = operation.audited ? [{ action: operation.name, outcome: 'done', requestId: REQUEST_ID }] : []
        expect({ surface, audit: traces.audit }).toMatchObject({ surface, audit: expected })
        expect(traces.audit).toHaveLength(expected.length)
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ scope }) => scope !== null)) {
    it(`refuses a key without its scope with the same code, entry and count: ${operation.name}`, async () => {
      const others = ALL_SCOPES.filter((scope) => scope !== operation.scope)
      const all = await onEach(
        operation,
        () => secretOf(making, others),
        () => usualInputOf(making, operation),
      )
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'forbidden' })
        expect({ surface, traces }).toMatchObject({
          surface,
          traces: {
            counted: countedOn(operation),
            audit: [{ action: operation.name, outcome: 'refused', code: 'forbidden' }],
          },
        })
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ query }) => 'limit' in query.shape)) {
    it(`refuses a limit out of range with the same code, entry and count: ${operation.name}`, async () => {
      const all = await onEach(operation, asOwner, async () => ({ ...(await inputOf(making, operation)), limit: 5000 }))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'validation_failed' })
        expect({ surface, traces }).toEqual({ surface, traces: { counted: countedOn(operation), audit: [] } })
      }
      expectAlike(all, operation)
    })
  }
})

describe('a key that nobody has', () => {
  it('is refused on every surface with the same code, and counted on its address', async () => {
    for (const operation of asJson.filter(({ auth }) => auth === 'key')) {
      const nobody = async () => ({ apiKey: `tn_live_${'0'.repeat(49)}` })
      for (const { answer, traces } of await onEach(operation, nobody, () => usualInputOf(making, operation)))
        expect({ operation: operation.name, surface: answer.surface, code: errorCode(answer), traces }).toEqual({
          operation: operation.name,
          surface: answer.surface,
          code: 'invalid_api_key',
          traces: { counted: { anonymous: 1 }, audit: [] },
        })
    }
  })
})
