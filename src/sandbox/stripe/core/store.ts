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
  #onChange: () => void = () => {}

  constructor(snapshot?: Snapshot) {
    if (snapshot === undefined) return
    this.#settings = snapshot.settings
    for (const object of snapshot.objects) this.#of(object.object).set(object.id, object)
  }

  get settings(): Settings {
    return this.#settings
  }

  set(change: Partial<Settings>): void {
    const before = this.#settings
    this.#settings = { ...before, ...change }
    this.#undo?.push(() => (this.#settings = before))
    this.#onChange()
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
    this.#onChange()
    return object
  }

  remove(kind: Kind, id: string): void {
    const objects = this.#of(kind)
    const before = objects.get(id)
    if (before === undefined) return
    objects.delete(id)
    this.#undo?.push(() => objects.set(id, before))
    this.#onChange()
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

  whenChanged(listener: () => void): void {
    this.#onChange = listener
  }

  snapshot(): Snapshot {
    return {
      format: 1,
      settings: this.#settings,
      objects: [...this.#kinds.values()].flatMap((objects) => [...objects.values()]),
    }
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
      return
    }
  }
}

/** Each map holds objects of its own kind only: `put` takes the kind from the object. */
function ofKind<K extends Kind>(objects: Map<string, Stored>): Map<string, Of<K>> {
  return objects as unknown as Map<string, Of<K>>
}
