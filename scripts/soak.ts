/**
 * Kills what works on runs, at random and again and again: `npm run soak [kills] [seed]`, 1,000 kills by default, some ten
 * minutes. Ends with 1 when an effect was lost or doubled, a run has not ended, or a count is off; the seed tells how to
 * see it again.
 */
import { killAtRandom, openStage, workFor } from '../test/support/kill-harness.ts'
import { findDrift, findViolations, totalsOf } from '../test/support/kill-invariants.ts'

const [kills = 1_000, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number)
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) throw new Error('usage: soak [kills] [seed]')

const ENDED_MS = 300_000
const began = performance.now()
const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`

const stage = await openStage()
const end = (): void => void stage.end().finally(() => process.exit(1))
process.once('SIGINT', end).once('SIGTERM', end)
const wrong: string[] = []
try {
  console.log(`${kills} kills, seed ${seed}`)
  const org = await stage.makeOrg()
  // More work than there is time for: nobody is killed while there is nothing to do.
  const chaos = { kills, seed, paceMs: 700, org, runs: workFor(2 * kills) }
  const { counts, starter } = await killAtRandom(stage, {
    ...chaos,
    onKill: (kill) => {
      // A server that is starting again is asked after the next kill.
      findDrift(stage.owner).then(
        (found) => wrong.push(...found.map((what) => `after kill ${kill}: ${what}`)),
        () => {},
      )
      if (kill % 50 === 0) console.log(`${kill} kills, ${seconds()}, ${wrong.length} violations`)
    },
  })
  starter.signal('SIGKILL')
  await starter.ended
  await stage.allEnded(ENDED_MS).catch((error: unknown) => wrong.push(`the runs have not ended: ${String(error)}`))
  wrong.push(...(await findViolations(stage.owner)))
  console.log(JSON.stringify({ seed, kills: counts, ...(await totalsOf(stage.owner)), violations: wrong.length }))
} finally {
  await stage.end()
}
for (const what of wrong.slice(0, 50)) console.error(what)
console.log(wrong.length === 0 ? `All is as it should be, after ${seconds()}.` : `${wrong.length} violations.`)
process.exitCode = wrong.length === 0 ? 0 : 1
