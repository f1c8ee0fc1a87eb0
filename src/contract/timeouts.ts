/** How long things may take, in milliseconds: the one table. What takes longer is stopped and answers `timeout`. */
export const TIMEOUTS = {
  /** An API call, from its first step to its answer. */
  call: 30_000,
  /** A call that may wait for something, with the time to answer after that. */
  wait: 60_000,
  /** A step of a run, unless its pipeline says otherwise. */
  step: 300_000,
} as const

/** No pipeline may give one of its steps more. */
export const MAX_STEP_MS = 3_600_000
