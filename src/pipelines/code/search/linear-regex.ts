import { setFlagsFromString } from 'node:v8'

/**
 * From now on, an expression that backtracks too much is matched again in linear time, in the whole process. Expressions
 * that were made before stay without, so it is called before search threads begin.
 * https://v8.dev/blog/non-backtracking-regexp
 */
export function useLinearMatcher(): void {
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  setFlagsFromString('--regexp-backtracks-before-fallback=20000')
}
