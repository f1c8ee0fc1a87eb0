import { existsSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import type { Changes, Snapshot, Store } from './store.ts'

/** Where the state outlives the process. */
export interface Keeper {
  /** Resolves when everything changed until now is on the disk. */
  save(): Promise<void>
  /** Saves within seconds, for what may be lost: a delivery that was not noted is sent again. */
  saveSoon(): void
}

const SOON_MS = 2_000

export const NOTHING_KEPT: Keeper = { save: async () => {}, saveSoon: () => {} }

export interface State {
  readonly snapshot: Snapshot
  readonly changes: readonly Changes[]
}

/**
 * The first line is a snapshot, each after it what has changed since. A line that was not finished was acknowledged to nobody.
 *
 * @throws Error when the file is there and is no state of a sandbox.
 */
export function readState(path: string): State | undefined {
  if (!existsSync(path)) return undefined
  const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n')
  const whole = rest.slice(0, -1).filter((line) => line !== '')
  let lines: unknown[]
  try {
    lines = [first, ...whole].map((line): unknown => JSON.parse(line))
  } catch (error) {
    throw new Error(`${path} can not be read as the state of a Stripe sandbox`, { cause: error })
  }
  const [snapshot, ...changes] = lines
  if (!isSnapshot(snapshot) || !changes.every((each) => isChanges(each)))
    throw new Error(`${path} is not the state of a Stripe sandbox`)
  return { snapshot, changes }
}

/** The file is written anew when what was appended is larger than the snapshot, and than this. */
const LEAST_APPENDED_BYTES = 1_048_576

/**
 * Appends what has changed, so that a request costs what it changes and not what there is. Changes that come while a write
 * is under way share the next one. The first write of a process replaces the file, and with it an unfinished line.
 */
export function keepIn(path: string, store: Store): Keeper {
  let running: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null
  let mostBytes = 0
  let appendedBytes = 0
  let isWhole = false
  const write = async (): Promise<void> => {
    next = null
    const changes = store.takeChanges()
    if (changes === null && isWhole) return
    try {
      const line = changes === null ? '' : `${JSON.stringify(changes)}\n`
      if (isWhole && appendedBytes + line.length <= mostBytes) {
        await writeDown(path, 'a', line)
        appendedBytes += line.length
      } else {
        isWhole = false
        const text = `${JSON.stringify(store.snapshot())}\n`
        const unfinished = `${path}.${process.pid}.unfinished`
        await writeDown(unfinished, 'w', text)
        await rename(unfinished, path)
        mostBytes = Math.max(LEAST_APPENDED_BYTES, text.length)
        appendedBytes = 0
        isWhole = true
      }
    } catch (error) {
      // What the file holds now is not known, so that it is replaced by the next write.
      isWhole = false
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

async function writeDown(path: string, flags: 'a' | 'w', text: string): Promise<void> {
  const file = await open(path, flags, 0o600)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

function isSnapshot(value: unknown): value is Snapshot {
  if (typeof value !== 'object' || value === null) return false
  const { format, settings, objects } = value as Partial<Snapshot>
  return format === 1 && typeof settings?.offsetSeconds === 'number' && Array.isArray(objects)
}

function isChanges(value: unknown): value is Changes {
  if (typeof value !== 'object' || value === null) return false
  const { settings, put, gone } = value as Partial<Changes>
  return typeof settings?.offsetSeconds === 'number' && Array.isArray(put) && Array.isArray(gone)
}
