/**
 * Case folding that keeps every UTF-16 unit at its place, so that what is found in the folded text stands at the same
 * offset in the original: each unit becomes its lower-case form when that is one unit long ("İ" stays as it is), and the
 * final sigma equals the other one.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  const same =
    lower.length === text.length
      ? lower
      : Array.from({ length: text.length }, (_, i) => foldUnit(text.charAt(i))).join('')
  return same.includes('ς') ? same.replaceAll('ς', 'σ') : same
}

function foldUnit(unit: string): string {
  const lower = unit.toLowerCase()
  return lower.length === 1 ? lower : unit
}
