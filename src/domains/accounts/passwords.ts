import { TenonError } from '../../kernel/tenon-error.ts'

/** Hashing takes a thread of the pool that files are read in, and 32 MiB: two at a time leave room for the rest. */
const PARALLEL = 2
/** Whoever would have to wait longer than a few seconds is sent away. */
const MAX_WAITING = 128

export interface Passwords {
  hash(password: string): Promise<string>
  verify(given: { readonly hash: string; readonly password: string }): Promise<boolean>
}

/** scrypt as better-auth has it (N 16384, r 16, p 1, a salt of 16 bytes), a few at a time. */
export function createPasswords(): Passwords {
  const inTurn = createTurns(PARALLEL, MAX_WAITING)
  const crypto = () => import('better-auth/crypto')
  return {
    hash: (password) => inTurn(async () => (await crypto()).hashPassword(password)),
    verify: (given) => inTurn(async () => (await crypto()).verifyPassword(given)),
  }
}

/** @throws TenonError `unavailable` when too many wait already */
export function createTurns(parallel: number, maxWaiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= parallel) {
      if (waiting.length >= maxWaiting) throw new TenonError('unavailable')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // A turn is handed on, so that nobody comes in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
