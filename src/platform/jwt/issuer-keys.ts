import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Log } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { discover } from './discover.ts'
import { fetchText } from './fetch-text.ts'

export interface IssuerKeysOptions {
  readonly issuer: string
  /** Where its keys are; asked of its metadata when left out. */
  readonly jwksUrl?: string | undefined
  readonly log: Log
  readonly timings?: KeyTimings
}

/** In milliseconds. */
export interface KeyTimings {
  /** Of finding and reading the keys. */
  readonly timeoutMs: number
  /** After an answer nobody asks again for so long, whatever keys the tokens name: a flood of them costs one request. */
  readonly cooldownMs: number
  /** After a failure nobody asks again for so long. */
  readonly retryMs: number
  /** Keys are asked for anew when they are older: what the issuer has withdrawn ends then. */
  readonly freshMs: number
  /** While the issuer does not answer, its keys are believed for so long. */
  readonly staleMs: number
}

const TIMINGS: KeyTimings = {
  timeoutMs: 5_000,
  cooldownMs: 30_000,
  retryMs: 10_000,
  freshMs: 300_000,
  staleMs: 3_600_000,
}
const MAX_BYTES = 262_144

/**
 * The public keys of the issuer, found through its metadata at the first token.
 *
 * The answer throws TenonError `unavailable` when the issuer does not answer and no key is at hand, and an error of jose
 * when the issuer has no such key.
 */
export function createIssuerKeys({ issuer, jwksUrl, log, timings = TIMINGS }: IssuerKeysOptions): JWTVerifyGetKey {
  let loadedAt = Number.NEGATIVE_INFINITY
  let failedAt = Number.NEGATIVE_INFINITY
  let failure: TenonError | undefined

  const load = async (signal: AbortSignal): Promise<Response> => {
    if (failure !== undefined && performance.now() - failedAt < timings.retryMs) throw failure
    try {
      const text = await fetchText(jwksUrl ?? (await discover(issuer, signal)), signal, MAX_BYTES)
      // Throws on what is no set of keys.
      createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
      loadedAt = performance.now()
      failure = undefined
      return new Response(text)
    } catch (cause) {
      failedAt = performance.now()
      failure = new TenonError('unavailable', { cause })
      log.warn({ err: cause }, 'the keys of the issuer of tokens could not be read')
      throw failure
    }
  }
  // The address stands for the issuer: where its keys are is asked for with them, since they may move.
  const remote = createRemoteJWKSet(new URL(issuer), {
    timeoutDuration: timings.timeoutMs,
    cooldownDuration: timings.cooldownMs,
    // When keys are too old is decided below, where those that are at hand outlive a failure.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: (_, { signal }) => load(signal),
  })
  const ageMs = (): number => performance.now() - loadedAt

  return async (header, token) => {
    if (ageMs() > timings.freshMs)
      await remote.reload().catch((error: unknown) => {
        if (ageMs() > timings.staleMs) throw error
      })
    return remote(header, token)
  }
}
