/** Of JSON, roughly; a letter of the scripts that take more of the one takes more of the other. */
export const BYTES_PER_TOKEN = 4

/** How many bytes it has as JSON. */
export function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}

export interface PageRoom {
  readonly limit: number
  /** Undefined for as much as the limit allows. */
  readonly maxTokens?: number | undefined
}

/** The first rows, as many as are wanted and have room; one at least, so that a list always goes on. */
export function fitPage<Row>(rows: readonly Row[], { limit, maxTokens }: PageRoom): Row[] {
  const wanted = rows.slice(0, limit)
  if (maxTokens === undefined) return wanted
  let room = maxTokens * BYTES_PER_TOKEN
  const fits = wanted.findIndex((row) => {
    room -= sizeOf(row) + 1
    return room < 0
  })
  return fits === -1 ? wanted : wanted.slice(0, Math.max(1, fits))
}
