import { newId } from './ids.ts'

const WELL_FORMED = /^[A-Za-z0-9._-]{8,128}$/

/** The caller's own request id when it is well formed, else a new one. */
export function requestIdFrom(given: string | null | undefined): string {
  return given !== null && given !== undefined && WELL_FORMED.test(given) ? given : newId('req')
}
