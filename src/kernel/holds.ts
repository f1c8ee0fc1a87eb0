/** Counts who uses what, so that it stays while somebody does. */
export class Holds {
  readonly #counts = new Map<string, number>()

  has(key: string): boolean {
    return this.#counts.has(key)
  }

  /** How many use it. */
  count(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  /** Call the answer at the end of the use, once. */
  hold(keys: readonly string[]): () => void {
    for (const key of keys) this.#counts.set(key, this.count(key) + 1)
    return () => {
      for (const key of keys) {
        const left = (this.#counts.get(key) ?? 1) - 1
        if (left > 0) this.#counts.set(key, left)
        else this.#counts.delete(key)
      }
    }
  }
}
