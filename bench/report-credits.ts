import type { CreditResults } from './credits.ts'
import { rounded, target } from './report-search.ts'

const TARGETS = { hot: 2_500, spread: 10_000, ratio: 0.5 }

export function reportCredits({ hot, spread, drift }: CreditResults): void {
  console.log('\nCredits: one statement each, beside a plain update of one row of the same table')
  const row = ({ plain, reserve, settle, ratio }: CreditResults['hot']) => ({
    'plain /s': rounded(plain.perSecond, 0),
    'reserve /s': rounded(reserve.perSecond, 0),
    'reserve p99 ms': rounded(reserve.p99Ms),
    'settle /s': rounded(settle.perSecond, 0),
    'reserve / plain': rounded(ratio, 2),
  })
  console.table({ 'one organisation': row(hot), '1,000 organisations': row(spread) })
  for (const [what, { reserve, ratio }, least] of [
    ['one organisation', hot, TARGETS.hot],
    ['1,000 organisations', spread, TARGETS.spread],
  ] as const) {
    target(reserve.perSecond >= least, `${what}: at least ${least} reservations/s: ${rounded(reserve.perSecond, 0)}`)
    target(ratio >= TARGETS.ratio, `${what}: at least ${TARGETS.ratio} of plain updates: ${rounded(ratio, 2)}`)
  }
  target(drift === 0, `the books add up afterwards: ${drift} differences`)
}
