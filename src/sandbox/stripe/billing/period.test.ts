import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextBoundary } from './period.ts'

const seconds = (text: string): number => Date.parse(text) / 1000
const interval = fc.record({
  interval: fc.constantFrom('day', 'week', 'month', 'year'),
  interval_count: fc.integer({ min: 1, max: 12 }),
})

describe('the boundary after a moment', () => {
  it('comes later, and none is left out before it', () => {
    fc.assert(
      fc.property(
        interval,
        fc.integer({ min: 0, max: 2e9 }),
        fc.integer({ min: 0, max: 4e8 }),
        (every, anchor, ahead) => {
          const after = anchor + ahead
          const next = nextBoundary(anchor, every, after)
          expect(next).toBeGreaterThan(after)
          expect(nextBoundary(anchor, every, next - 1)).toBe(next)
          expect(nextBoundary(anchor, every, next)).toBeGreaterThan(next)
        },
      ),
    )
  })

  it('keeps the day of the anchor where the month has it', () => {
    const month = { interval: 'month', interval_count: 1 }
    const anchor = seconds('2028-01-31T12:00:00Z')
    expect(nextBoundary(anchor, month, anchor)).toBe(seconds('2028-02-29T12:00:00Z'))
    expect(nextBoundary(anchor, month, seconds('2028-02-29T12:00:00Z'))).toBe(seconds('2028-03-31T12:00:00Z'))
    const leap = seconds('2028-02-29T00:00:00Z')
    const year = { interval: 'year', interval_count: 1 }
    expect(nextBoundary(leap, year, leap)).toBe(seconds('2029-02-28T00:00:00Z'))
    expect(nextBoundary(leap, year, seconds('2031-02-28T00:00:00Z'))).toBe(seconds('2032-02-29T00:00:00Z'))
  })
})
