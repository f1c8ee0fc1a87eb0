import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createReadiness } from './health.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())
const never = () => new Promise<boolean>(() => {})

describe('readiness', () => {
  it('is that every check passes', async () => {
    const ready = createReadiness({ database: async () => true, serving: () => true })
    expect(await ready()).toMatchObject({ status: 'ok', checks: { database: 'ok', serving: 'ok' } })
  })

  it('is missing when a check says no, throws or rejects, and names it', async () => {
    const ready = createReadiness({
      no: () => false,
      throws: () => {
        throw new Error('down')
      },
      rejects: () => Promise.reject(new Error('down')),
      works: () => true,
    })
    expect(await ready()).toMatchObject({
      status: 'unavailable',
      checks: { no: 'failed', throws: 'failed', rejects: 'failed', works: 'ok' },
    })
  })

  it('is missing two seconds after a check has not answered, and asks it again then', async () => {
    let asked = 0
    const answers = [never, async () => true]
    const ready = createReadiness({ database: () => (answers[asked++] ?? never)(), serving: () => true })
    const probes = Promise.all([ready(), ready()])
    await vi.advanceTimersByTimeAsync(2_000)
    for (const health of await probes)
      expect(health).toMatchObject({ status: 'unavailable', checks: { database: 'failed', serving: 'ok' } })
    expect(asked).toBe(1)
    expect(await ready()).toMatchObject({ status: 'ok' })
    expect(vi.getTimerCount()).toBe(0)
  })
})
