/** Longest name that is compared: nobody mistypes longer ones by a letter alone. */
const MAX_LENGTH = 120

/** How many letters may be wrong before another word is meant. */
export function toleranceOf(name: string): number {
  if (name.length > MAX_LENGTH || name.length < 3) return 0
  return name.length < 6 ? 1 : 2
}

/** A row that is made anew for each comparison takes longer than the comparison. */
const ROWS = [new Uint16Array(MAX_LENGTH), new Uint16Array(MAX_LENGTH), new Uint16Array(MAX_LENGTH)] as const

/**
 * Letters to insert, drop, replace or swap with their neighbour; null when more than `most`. Only the cells around the
 * diagonal are computed.
 */
export function editDistance(a: string, b: string, most: number): number | null {
  if (a === b) return 0
  if (most === 0 || Math.abs(a.length - b.length) > most) return null
  let [start, endA, endB] = [0, a.length, b.length]
  while (start < endA && start < endB && a.charCodeAt(start) === b.charCodeAt(start)) start++
  while (endA > start && endB > start && a.charCodeAt(endA - 1) === b.charCodeAt(endB - 1))
    [endA, endB] = [endA - 1, endB - 1]
  const [rows, columns] = [endA - start, endB - start]
  if (rows === 0 || columns === 0) return Math.max(rows, columns)
  if (columns >= MAX_LENGTH) return null
  let [before, above, row] = ROWS
  for (let j = 0; j <= columns; j++) above[j] = j
  for (let i = 1; i <= rows; i++) {
    const [from, to] = [Math.max(1, i - most), Math.min(columns, i + most)]
    row[from - 1] = from === 1 ? i : most + 1
    let least = most + 1
    const letter = a.charCodeAt(start + i - 1)
    for (let j = from; j <= to; j++) {
      const other = b.charCodeAt(start + j - 1)
      // The cell above the last one is outside of the diagonal's surroundings.
      const fromAbove = j === i + most ? most + 1 : (above[j] ?? 0) + 1
      let cost = Math.min((above[j - 1] ?? 0) + (letter === other ? 0 : 1), fromAbove, (row[j - 1] ?? 0) + 1)
      const isSwapped =
        i > 1 && j > 1 && letter === b.charCodeAt(start + j - 2) && other === a.charCodeAt(start + i - 2)
      if (isSwapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row[j] = cost
      if (cost < least) least = cost
    }
    if (least > most) return null
    ;[before, above, row] = [above, row, before]
  }
  const distance = above[columns] ?? 0
  return distance <= most ? distance : null
}

/** Which letters a name has. Names within `n` letters of each other differ in 2 × `n` bits at most. */
export function lettersOf(name: string): number {
  let bits = 0
  for (let i = 0; i < name.length; i++) bits |= 1 << (name.charCodeAt(i) & 31)
  return bits
}

export function bitsBetween(a: number, b: number): number {
  let bits = a ^ b
  bits -= (bits >>> 1) & 0x55555555
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
