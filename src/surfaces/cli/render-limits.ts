import type { getLimits } from '../../contract/limits.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Limits } from '../../contract/plans.ts'
import { table } from './table.ts'
import { until, type Look } from './text.ts'

const NAMES: Readonly<Record<keyof Limits, string>> = {
  callsPerHour: 'calls per hour',
  callsPerDay: 'calls per day',
  concurrentRuns: 'runs at once',
  activeChunks: 'parts of runs at once',
  runsPerDay: 'runs per day',
  repositories: 'repositories',
}

/** For people; a limit that a newer server has keeps its own name. */
export function limitName(limit: string): string {
  return Object.hasOwn(NAMES, limit) ? NAMES[limit as keyof Limits] : limit
}

export function renderLimits(
  { plan, limits, overridden, used, resetsAt }: DataOf<typeof getLimits>,
  look: Look,
): string {
  const resets: Partial<Record<keyof Limits, string>> = {
    callsPerHour: resetsAt.hour,
    callsPerDay: resetsAt.day,
    runsPerDay: resetsAt.day,
  }
  const rows = (Object.keys(limits) as (keyof Limits)[]).map((name) => [
    limitName(name),
    name === 'activeChunks' ? '–' : String(used[name]),
    String(limits[name]),
    until(resets[name] ?? null),
    overridden.includes(name) ? 'operator' : 'plan',
  ])
  return `plan ${plan}\n\n${table(['LIMIT', 'USED', 'OF', 'RESETS', 'SET BY'], rows, look)}`
}
