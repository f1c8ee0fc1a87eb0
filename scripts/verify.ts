/** `npm run verify`: everything that can be said about the code without running the platform. Needs no database. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Step {
  readonly name: string
  /** Package and its program, run by this Node. */
  readonly program: readonly [packageName: string, file: string]
  readonly args: readonly string[]
}

interface Outcome {
  readonly step: Step
  readonly ok: boolean
  readonly output: string
  readonly elapsedMs: number
}

const STEPS: readonly Step[] = [
  { name: 'format', program: ['oxfmt', 'bin/oxfmt'], args: ['--check'] },
  { name: 'lint', program: ['oxlint', 'bin/oxlint'], args: ['--deny-warnings'] },
  { name: 'types', program: ['typescript', 'bin/tsc'], args: ['--noEmit'] },
  { name: 'unused', program: ['knip', 'bin/knip.js'], args: ['--no-progress'] },
  { name: 'layers and documents', program: ['vitest', 'vitest.mjs'], args: ['run', '--project', 'verify'] },
]

/** Each step uses more than one core where it can; more at once only delays the first answer. */
const AT_ONCE = 2

const root = fileURLToPath(new URL('..', import.meta.url))

const started = performance.now()
const outcomes = await runAll(STEPS)
const failed = outcomes.filter(({ ok }) => !ok)
for (const { step, output } of failed) console.log(`\n── ${step.name} ──\n${output.trim()}`)
const verdict = failed.length === 0 ? 'everything is well' : `failed: ${failed.map(({ step }) => step.name).join(', ')}`
console.log(`${verdict} (${seconds(performance.now() - started)})`)
process.exitCode = failed.length === 0 ? 0 : 1

async function runAll(steps: readonly Step[]): Promise<Outcome[]> {
  const queue = [...steps]
  const finished: Outcome[] = []
  const work = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) {
      const outcome = await run(step)
      finished.push(outcome)
      console.log(`${outcome.ok ? 'ok    ' : 'FAILED'} ${step.name} (${seconds(outcome.elapsedMs)})`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return finished
}

async function run(step: Step): Promise<Outcome> {
  const [packageName, file] = step.program
  const program = join(root, 'node_modules', packageName, file)
  const begun = performance.now()
  const child = spawn(process.execPath, [program, ...step.args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => (output += chunk.toString())
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const [code] = await once(child, 'close')
  return { step, ok: code === 0, output, elapsedMs: performance.now() - begun }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
