import type { Kind, Of, Stored } from './wire.ts'

export interface Settings {
  /** What the clock is ahead of the real one. */
  readonly offsetSeconds: number
  /** What becomes of a subscription whose last retry failed. */
  readonly afterRetries: 'cancel' | 'unpaid' | 'past_due'
  readonly invoiceNumber: number
}
export interface Snapshot {
  readonly format: 1
  readonly settings: Settings
  readonly objects: readonly Stored[]
}

/** What has changed since the last time that somebody asked. */
export interface Changes {
  readonly settings: Settings
  readonly put: readonly Stored[]
  readonly gone: readonly (readonly [Kind, string])[]
}

/** More events, deliveries and replays than these are forgotten, the oldest first. */
const MOST: Partial<Record<Kind, number>> = { event: 5_000, delivery: 10_000, replay: 5_000 }

/**
 * All state. Objects are never changed in place: `put` replaces one, which is why an event may keep the object as it
 * was and a failed request can be undone.
 */
export class Store {
  readonly #kinds = new Map<Kind, Map<string, Stored>>()
  #settings: Settings = { offsetSeconds: 0, afterRetries: 'cancel', invoiceNumber: 0 }
  #undo: (() => void)[] | null = null
  /** Since `takeChanges`; null while nobody asks. */
  #changed: Map<Kind, Set<string>> | null = null
  #hasChanged = false

  constructor(snapshot?: Snapshot, changes: readonly Changes[] = []) {
    if (snapshot === undefined) return
    this.#settings = snapshot.settings
    for (const object of snapshot.objects) this.#of(object.object).set(object.id, object)
    for (const { settings, put, gone } of changes) {
      this.#settings = settings
      for (const [kind, id] of gone) this.#of(kind).delete(id)
      for (const object of put) this.#of(object.object).set(object.id, object)
    }
  }

  get settings(): Settings {
    return this.#settings
  }

  set(change: Partial<Settings>): void {
    const before = this.#settings
    this.#settings = { ...before, ...change }
    this.#undo?.push(() => (this.#settings = before))
    this.#hasChanged = true
  }

  get<K extends Kind>(kind: K, id: string): Of<K> | undefined {
    return ofKind<K>(this.#of(kind)).get(id)
  }

  /** In the order in which they were made. */
  all<K extends Kind>(kind: K): Of<K>[] {
    return [...ofKind<K>(this.#of(kind)).values()]
  }

  put<T extends Stored>(object: T): T {
    const objects = this.#of(object.object)
    const before = objects.get(object.id)
    objects.set(object.id, object)
    this.#undo?.push(() => {
      if (before === undefined) objects.delete(object.id)
      else objects.set(object.id, before)
    })
    this.#forget(object.object, objects)
    this.#note(object.object, object.id)
    return object
  }

  remove(kind: Kind, id: string): void {
    const objects = this.#of(kind)
    const before = objects.get(id)
    if (before === undefined) return
    objects.delete(id)
    this.#undo?.push(() => objects.set(id, before))
    this.#note(kind, id)
  }

  /** All of the work or, when it throws what `keeps` does not name, none of it. */
  transaction<T>(work: () => T, keeps: (error: unknown) => boolean = () => false): T {
    if (this.#undo !== null) return work()
    const undo: (() => void)[] = []
    this.#undo = undo
    try {
      return work()
    } catch (error) {
      if (!keeps(error)) for (const step of undo.toReversed()) step()
      throw error
    } finally {
      this.#undo = null
    }
  }

  /** All that has changed since the last call, and since the first one; null for nothing. */
  takeChanges(): Changes | null {
    const changed = this.#changed ?? new Map<Kind, Set<string>>()
    const has = this.#hasChanged
    this.#changed = new Map()
    this.#hasChanged = false
    if (!has) return null
    const put: Stored[] = []
    const gone: [Kind, string][] = []
    for (const [kind, ids] of changed)
      for (const id of ids) {
        const object = this.#of(kind).get(id)
        if (object === undefined) gone.push([kind, id])
        else put.push(object)
      }
    return { settings: this.#settings, put, gone }
  }

  snapshot(): Snapshot {
    return {
      format: 1,
      settings: this.#settings,
      objects: [...this.#kinds.values()].flatMap((objects) => [...objects.values()]),
    }
  }

  #note(kind: Kind, id: string): void {
    this.#hasChanged = true
    const ids = this.#changed?.get(kind)
    if (ids === undefined) this.#changed?.set(kind, new Set([id]))
    else ids.add(id)
  }

  #of(kind: Kind): Map<string, Stored> {
    let objects = this.#kinds.get(kind)
    if (objects === undefined) this.#kinds.set(kind, (objects = new Map()))
    return objects
  }

  /** A delivery that still waits is never forgotten, nor the event that it carries. */
  #forget(kind: Kind, objects: Map<string, Stored>): void {
    if (objects.size <= (MOST[kind] ?? Number.POSITIVE_INFINITY)) return
    const waiting = new Set(this.all('delivery').flatMap(({ state, event }) => (state === 'waiting' ? [event] : [])))
    for (const [id, object] of objects) {
      if (object.object === 'delivery' ? object.state === 'waiting' : waiting.has(id)) continue
      objects.delete(id)
      this.#undo?.push(() => objects.set(id, object))
      this.#note(kind, id)
      return
    }
  }
}

/** Each map holds objects of its own kind only: `put` takes the kind from the object. */
function ofKind<K extends Kind>(objects: Map<string, Stored>): Map<string, Of<K>> {
  return objects as unknown as Map<string, Of<K>>
}
