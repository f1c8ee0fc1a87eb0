/** The candidates that a mistyped word most likely stood for; of `a b`, the words after the first `skip` are compared. */
export function nearest(word: string, candidates: readonly string[], skip = 0): readonly string[] {
  const measured = [...new Set(candidates)].map((candidate) => {
    const name = candidate.split(' ').slice(skip).join(' ')
    const starts = word.length >= 2 && name.startsWith(word)
    return { candidate, distance: starts ? 1 : distance(word, name), most: Math.max(1, Math.floor(name.length / 3)) }
  })
  const close = measured.filter(({ distance: far, most }) => far <= Math.min(3, most))
  const best = Math.min(...close.map(({ distance: far }) => far))
  return close.filter(({ distance: far }) => far === best).map(({ candidate }) => candidate)
}

/** Letters to insert, remove, change, or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const at = (back: number, left: number): number => (back === 0 ? row : rows[i - back])?.[j - left] ?? 0
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(2, 2) + 1 : Infinity
      row.push(Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + same, swapped))
    }
    rows.push(row)
  }
  return rows.at(-1)?.at(-1) ?? 0
}
