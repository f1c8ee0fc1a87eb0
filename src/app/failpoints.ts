import { z } from 'zod'
import type { Log } from '../kernel/ctx.ts'
import { FAILPOINTS, armFailpoint, type Failpoint } from '../kernel/failpoint.ts'

/** For tests only: what happens at a failpoint, at one pass or at each. */
export interface ArmedFailpoint {
  readonly name: Failpoint
  /** `kill` ends the process without a word, `stop` halts it until it is sent SIGCONT. */
  readonly action: 'kill' | 'stop' | 'throw' | 'sleep'
  readonly sleepMs: number
  /** The pass at which it happens, from 1; null means each. */
  readonly pass: number | null
}

const MAX_SLEEP_MS = 600_000
const FORM = 'Expected <failpoint>=kill, stop, throw or sleep:<ms>, with @<pass> for one pass alone; several by commas'

/** `settle.written=kill@3,batch.committed=sleep:50`: at the third pass of one; at each pass of the other. */
export const failpointList = z.string().transform((text, ctx): ArmedFailpoint[] =>
  text.split(',').flatMap((item) => {
    const {
      name = '',
      action,
      ms,
      pass,
    } = /^(?<name>[a-z.]+)=(?:(?<action>kill|stop|throw)|sleep:(?<ms>\d{1,6}))(?:@(?<pass>[1-9]\d{0,6}))?$/.exec(
      item.trim(),
    )?.groups ?? {}
    const known = FAILPOINTS.find((one) => one === name)
    const sleepMs = Number(ms ?? 0)
    if (known === undefined || sleepMs > MAX_SLEEP_MS) {
      ctx.addIssue({ code: 'custom', message: name === '' || known !== undefined ? FORM : `No failpoint ${name}` })
      return []
    }
    const what = ms === undefined ? (action as 'kill' | 'stop' | 'throw') : 'sleep'
    return [{ name: known, action: what, sleepMs, pass: pass === undefined ? null : Number(pass) }]
  }),
)

/** Each counts its own passes, in this process. */
export function armFailpoints(given: readonly ArmedFailpoint[], log: Log): void {
  if (given.length > 0) log.warn({ failpoints: given }, 'failpoints are armed, which only tests do')
  for (const name of new Set(given.map((one) => one.name))) {
    const actions = given.filter((one) => one.name === name)
    let passes = 0
    armFailpoint(name, async () => {
      passes += 1
      for (const one of actions) if (one.pass === null || one.pass === passes) await act(one)
    })
  }
}

async function act({ name, action, sleepMs }: ArmedFailpoint): Promise<void> {
  if (action === 'throw') throw new Error(`the failpoint ${name} was armed`)
  if (action === 'sleep') return new Promise((resolve) => setTimeout(resolve, sleepMs))
  process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP')
}
