import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { catchUpTo } from './billing/due.ts'
import { createClock } from './core/clock.ts'
import { keepIn, NOTHING_KEPT, readState } from './core/state-file.ts'
import { Store } from './core/store.ts'
import { NO_REQUEST, type World } from './core/world.ts'
import { startDeliveries } from './events/deliveries.ts'
import { createFaults, type Faults } from './faults.ts'
import { LONGEST_ADVANCE } from './http/control.ts'
import { createSandboxServer } from './http/server.ts'

export type { Faults } from './faults.ts'

export interface StripeSandboxOptions {
  /** 0 or absent: any free one; always on 127.0.0.1. */
  readonly port?: number
  /** The secret key that it accepts; `sk_test_tenon_sandbox` when absent. */
  readonly apiKey?: string
  /** File that the state is kept in over restarts (atomic writes, mode 0600); in memory when absent. */
  readonly stateFile?: string
  readonly now?: () => Date
}
export interface StripeSandbox {
  /** Base URL such as `http://127.0.0.1:40123`. */
  readonly url: string
  readonly apiKey: string
  /** Advances the clock: renewals, trial ends, retries of failed payments, ends of periods happen in order. */
  advance(seconds: number): Promise<void>
  /** Merges. */
  faults(change: Partial<Faults>): void
  /** Resolves when no webhook delivery is under way or waiting. */
  settled(): Promise<void>
  close(): Promise<void>
}

const TICK_MS = 1_000

/** A Stripe of one's own, which the official library talks to unchanged. */
export async function startStripeSandbox(options: StripeSandboxOptions = {}): Promise<StripeSandbox> {
  const { port = 0, apiKey = 'sk_test_tenon_sandbox', stateFile, now = () => new Date() } = options
  const state = stateFile === undefined ? undefined : readState(stateFile)
  const store = new Store(state?.snapshot, state?.changes)
  const clock = createClock(store, now)
  const faults = createFaults()
  let url = ''
  const world: World = {
    store,
    faults,
    seconds: clock.seconds,
    realMs: () => Date.now(),
    url: () => url,
    onMistake: (where, error) => console.error(`Stripe sandbox: ${where}:`, error),
    request: NO_REQUEST,
  }
  const keeper = stateFile === undefined ? NOTHING_KEPT : keepIn(stateFile, store)
  const deliveries = startDeliveries(world, keeper)
  // One after the other: two advances of a day are two days.
  let moving: Promise<void> = Promise.resolve()
  const moveBy = (seconds: number): Promise<void> => {
    const moved = moving.then(() => catchUpTo(world, clock, clock.seconds() + seconds))
    // Who asked hears of a failure; the clock can be moved all the same.
    moving = moved.catch(() => {})
    return moved
  }
  const advance = async (seconds: number): Promise<void> => {
    checkAdvance(seconds)
    await moveBy(seconds)
    await keeper.save()
    deliveries.wake()
  }
  const tick = (): Promise<void> => moveBy(0)
  const controls = { world, faults, advance }
  const server = createSandboxServer({ controls, apiKey, keeper, tick, wake: deliveries.wake })
  url = await listening(server, port)
  const timer = setInterval(() => {
    tick()
      .then(keeper.save)
      .then(deliveries.wake)
      .catch((error: unknown) => world.onMistake('clock', error))
  }, TICK_MS).unref()
  deliveries.wake()
  return {
    url,
    apiKey,
    advance,
    faults: faults.change,
    settled: deliveries.settled,
    async close() {
      clearInterval(timer)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      await deliveries.close()
      await moving
      await keeper.save()
    },
  }
}

function checkAdvance(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LONGEST_ADVANCE) return
  throw new RangeError(`The clock advances by whole seconds, from 0 to ${LONGEST_ADVANCE}`)
}

async function listening(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
