import type { getLimits } from '../../contract/limits.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Limits } from '../../contract/plans.ts'
import { table } from './table.ts'
import { amount, styleOf, until, wrap, type Look } from './text.ts'

const NAMES: Readonly<Record<keyof Limits, string>> = {
  callsPerHour: 'calls per hour',
  callsPerDay: 'calls per day',
  concurrentRuns: 'runs at once',
  activeChunks: 'parts of runs at once',
  runsPerDay: 'runs per day',
  repositories: 'repositories',
  integrations: 'integrations',
  seats: 'seats',
}

/** For people; a limit that a newer server has keeps its own name. */
export function limitName(limit: string): string {
  return Object.hasOwn(NAMES, limit) ? NAMES[limit as keyof Limits] : limit
}

type OrgLimits = DataOf<typeof getLimits>
/** An older server does not say these. */
type Answer = Omit<OrgLimits, 'over' | 'creditsPerMonth'> & Partial<Pick<OrgLimits, 'over' | 'creditsPerMonth'>>

export function renderLimits(answer: Answer, look: Look): string {
  const { limits, overridden, used, resetsAt, over = [] } = answer
  const style = styleOf(look.colors)
  const beyond: ReadonlySet<string> = new Set(over)
  const resets: Partial<Record<keyof Limits, string>> = {
    callsPerHour: resetsAt.hour,
    callsPerDay: resetsAt.day,
    runsPerDay: resetsAt.day,
  }
  const rows = (Object.keys(limits) as (keyof Limits)[]).map((name) => [
    limitName(name),
    name === 'activeChunks' ? '–' : `${amount(used[name])}${beyond.has(name) ? ' !' : ''}`,
    amount(limits[name]),
    until(resets[name] ?? null),
    overridden.includes(name) ? 'operator' : 'plan',
  ])
  const note =
    over.length === 0
      ? ''
      : `\n${wrap(
          `! More is used than the plan allows: ${over.map(limitName).join(', ')}. It all stays, and nothing is added to it until there is room.`,
          look.width,
        )
          .map((line) => `${style('yellow', line)}\n`)
          .join('')}`
  return `${planText(answer)}\n\n${table(['LIMIT', 'USED', 'OF', 'RESETS', 'SET BY'], rows, look)}${note}`
}

/** With where it is from, unless there is but the operator's. */
function planText({ plan, operatorPlan, subscribedPlan, creditsPerMonth }: Answer): string {
  const credits = creditsPerMonth === undefined ? '' : ` · ${amount(creditsPerMonth)} credits per month`
  const from = subscribedPlan ? ` (${subscribedPlan} subscribed to, ${operatorPlan} from the operator)` : ''
  return `plan ${plan}${from}${credits}`
}
