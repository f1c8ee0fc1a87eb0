import type { BlobCache } from '../../../platform/blobs/index.ts'
import { DamagedError } from '../shard/format.ts'
import { Snapshot, type SnapshotShard } from '../snapshot/snapshot.ts'
import type { Part, Searchers } from './searchers.ts'

export interface WantedPart extends SnapshotShard {
  readonly what: Part['what']
}

const LOAD_MS = 20_000
/** Parts that are loaded by one task. */
const LOAD_TOGETHER = 64

/** Parts of indexes in memory, the least recently used first. Whoever has been given one keeps it as long as needed. */
export class Parts {
  readonly #maxBytes: number
  readonly #files: BlobCache
  readonly #loader: Searchers
  readonly #lanes: readonly Searchers[]
  readonly #parts = new Map<string, Part>()
  readonly #coming = new Map<string, Promise<Part>>()
  #bytes = 0

  /** `loader` reads them from the disk; `lanes` are told of what goes. */
  constructor(options: { maxBytes: number; files: BlobCache; loader: Searchers; lanes: readonly Searchers[] }) {
    this.#maxBytes = options.maxBytes
    this.#files = options.files
    this.#loader = options.loader
    this.#lanes = options.lanes
  }

  /** In the order asked for. @throws DamagedError, TenonError */
  async get(org: string, wanted: readonly WantedPart[]): Promise<Part[]> {
    // The texts of a shard are read from its file, which may have gone for lack of space.
    const isHere = ({ key, what }: WantedPart): boolean =>
      this.#parts.has(key) && (what === 'snapshot' || this.#files.has(key))
    const missing = wanted.filter((one) => !isHere(one) && !this.#coming.has(one.key))
    for (let at = 0; at < missing.length; at += LOAD_TOGETHER) this.#load(org, missing.slice(at, at + LOAD_TOGETHER))
    // What is here now is held from now on, whatever goes while the others come.
    const found = wanted.map(({ key }) => this.#coming.get(key) ?? this.#parts.get(key))
    const got: Part[] = []
    for (const one of found) if (one !== undefined) got.push(one instanceof Promise ? await one : one)
    for (const part of got) this.#use(part)
    this.#trim(new Set(got.map(({ key }) => key)))
    return got
  }

  remove(which: (key: string) => boolean): void {
    const removed = [...this.#parts.values()].filter(({ key }) => which(key))
    for (const { key, shared } of removed) {
      this.#parts.delete(key)
      this.#bytes -= shared.byteLength
    }
    if (removed.length > 0) for (const lane of this.#lanes) lane.forget(removed.map(({ key }) => key))
  }

  #load(org: string, group: readonly WantedPart[]): void {
    const loaded = this.#read(org, group)
    for (const [i, { what, key }] of group.entries()) {
      const coming = loaded.then((all) => ({ what, key, shared: all[i] ?? new SharedArrayBuffer(0) }))
      // Whoever waits for it is told.
      coming.catch(() => {})
      this.#coming.set(key, coming)
    }
    void loaded
      // Whoever waits for a part is told.
      .catch(() => {})
      .finally(() => {
        for (const { key } of group) this.#coming.delete(key)
      })
  }

  async #read(org: string, group: readonly WantedPart[]): Promise<SharedArrayBuffer[]> {
    for (const { key } of group) if (!(await this.#files.ensure(key))) throw new DamagedError(key, 'missing')
    const task = { kind: 'load' as const, parts: group }
    return (await this.#loader.perform(org, task, { limitMs: LOAD_MS })) as SharedArrayBuffer[]
  }

  #use(part: Part): void {
    if (!this.#parts.delete(part.key)) this.#bytes += part.shared.byteLength
    this.#parts.set(part.key, part)
  }

  #trim(kept: ReadonlySet<string>): void {
    let excess = this.#bytes - this.#maxBytes
    if (excess <= 0) return
    const going = new Set<string>()
    for (const { key, shared } of this.#parts.values()) {
      if (excess <= 0) break
      if (kept.has(key)) continue
      excess -= shared.byteLength
      going.add(key)
    }
    this.remove((key) => going.has(key))
  }
}

/** What a snapshot names, read from it once. */
const named = new WeakMap<SharedArrayBuffer, readonly WantedPart[]>()

/** The shards of snapshots. */
export function shardsOf(snapshots: readonly Part[]): WantedPart[] {
  return snapshots.flatMap(({ key, shared }) => {
    const known = named.get(shared)
    if (known !== undefined) return known
    const shards = new Snapshot(key, shared).shards.map((shard) => ({ what: 'shard' as const, ...shard }))
    named.set(shared, shards)
    return shards
  })
}
