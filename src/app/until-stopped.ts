/** How long work under way has to end after SIGTERM. */
export const GRACE_MS = 15_000
/** After so long the process ends, whatever still runs: other nodes take over what it held. */
const LAST_MS = 25_000

/** Waits for SIGINT or SIGTERM, then stops; a second signal ends the process at once. */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1))
        resolve()
      })
    }
  })
  setTimeout(() => process.exit(1), LAST_MS).unref()
  await stop()
}
