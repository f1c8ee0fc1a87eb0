/** The version that the installed library is pinned to; a test compares the two. */
export const DEFAULT_VERSION = '2026-10-28.endive'
/** From here on an invoice names its subscription under `parent`, and periods belong to the items. */
const BASIL = '2025-03-31'
/** The last one before. */
export const BEFORE_BASIL = '2025-02-24.acacia'

export function isVersion(text: string): boolean {
  return /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:\.[a-z]{1,32})?$/.test(text)
}

export function isBeforeBasil(version: string): boolean {
  return version.slice(0, BASIL.length) < BASIL
}
