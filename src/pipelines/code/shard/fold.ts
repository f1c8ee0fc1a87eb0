/** The only character whose lower-case form is longer than itself. */
const LONGER = 'İ'

/**
 * Case folding that keeps every UTF-16 unit at its place, so that what is found in the folded text stands at the same
 * offset in the original. The final sigma equals the other one, and the long s equals s, as Unicode's simple folding
 * has it; "İ" stays as it is.
 */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  const same = lower.length === text.length ? lower : text.split(LONGER).map(toLower).join(LONGER)
  return /[ςſ]/.test(same) ? same.replaceAll('ς', 'σ').replaceAll('ſ', 's') : same
}

function toLower(text: string): string {
  return text.toLowerCase()
}
