import { existsSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import type { Snapshot, Store } from './store.ts'

/** Where the state outlives the process. */
export interface Keeper {
  /** Resolves when everything changed until now is on the disk. */
  save(): Promise<void>
  /** Saves within seconds, for what may be lost: a delivery that was not noted is sent again. */
  saveSoon(): void
}

const SOON_MS = 2_000

export const NOTHING_KEPT: Keeper = { save: async () => {}, saveSoon: () => {} }

/** @throws Error when the file is there and is no state of a sandbox. */
export function readState(path: string): Snapshot | undefined {
  if (!existsSync(path)) return undefined
  let state: unknown
  try {
    state = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path} can not be read as the state of a Stripe sandbox`, { cause: error })
  }
  if (!isSnapshot(state)) throw new Error(`${path} is not the state of a Stripe sandbox`)
  return state
}

/** Writes whole or not at all. Changes that come while a write is under way share the next one. */
export function keepIn(path: string, store: Store): Keeper {
  let dirty = false
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  store.whenChanged(() => (dirty = true))
  const write = async (): Promise<void> => {
    next = null
    if (!dirty) return
    dirty = false
    const unfinished = `${path}.${process.pid}.unfinished`
    try {
      const file = await open(unfinished, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(store.snapshot()))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(unfinished, path)
    } catch (error) {
      dirty = true
      throw error
    }
  }
  let timer: NodeJS.Timeout | null = null
  const keeper: Keeper = {
    save() {
      if (next === null) {
        const mine = running.then(write)
        next = mine
        // Who waits for this write hears of its failure; the next one is tried all the same.
        running = mine.catch(() => {})
      }
      return next
    },
    saveSoon() {
      timer ??= setTimeout(() => {
        timer = null
        // What is not on the disk now is written with the next change.
        keeper.save().catch(() => {})
      }, SOON_MS).unref()
    },
  }
  return keeper
}

function isSnapshot(value: unknown): value is Snapshot {
  if (typeof value !== 'object' || value === null) return false
  const { format, settings, objects } = value as Partial<Snapshot>
  return format === 1 && typeof settings?.offsetSeconds === 'number' && Array.isArray(objects)
}
