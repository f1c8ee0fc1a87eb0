import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baselineOf, LEAST_HOURS } from './baseline.ts'

const value = fc.integer({ min: 1, max: 1_000_000 })
const history = fc.array(value, { minLength: LEAST_HOURS, maxLength: 336 })
const floor = fc.integer({ min: 1, max: 1_000 })

describe('what is usual for an organisation', () => {
  it('is never below the floor, and nothing but the floor while there are too few hours', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 400 }), floor, (hours, least) => {
        const { threshold, usual } = baselineOf(hours, least)
        expect(threshold).toBeGreaterThanOrEqual(least)
        const isNew = hours.length < LEAST_HOURS
        expect(isNew && (threshold !== least || usual !== 0)).toBe(false)
        expect(Number.isSafeInteger(threshold) && Number.isSafeInteger(usual)).toBe(true)
      }),
    )
  })

  it('does not depend on the order of the hours, nor on hours of rest', () => {
    fc.assert(
      fc.property(history, floor, fc.nat({ max: 300 }), (hours, least, rest) => {
        const idle = Array.from({ length: rest }, () => 0)
        expect(baselineOf([...idle, ...hours.toReversed()], least)).toEqual(baselineOf(hours, least))
      }),
    )
  })

  it('can not be moved beyond what the organisation really does by less than half of the hours', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: LEAST_HOURS, maxLength: 168 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (hours, burst, share) => {
          const bursts = Array.from({ length: Math.floor((hours.length - 1) * share) }, () => burst)
          const most = Math.max(...hours)
          // Median and deviation both stay within what the honest hours have.
          expect(baselineOf([...hours, ...bursts], 1).threshold).toBeLessThanOrEqual(Math.ceil(most * (1 + 6 * 1.4826)))
        },
      ),
    )
  })

  it('grows with what is done: ten times as much has ten times the threshold', () => {
    fc.assert(
      fc.property(history, (hours) => {
        const one = baselineOf(hours, 1).threshold
        const ten = baselineOf(
          hours.map((hour) => hour * 10),
          10,
        ).threshold
        expect(Math.abs(ten - one * 10)).toBeLessThanOrEqual(10)
      }),
    )
  })

  it('takes a steady level as it is, with room above it', () => {
    fc.assert(
      fc.property(value, (level) => {
        const hours = Array.from({ length: 336 }, () => level)
        const { threshold, usual } = baselineOf(hours, 1)
        expect(usual).toBe(level)
        expect(threshold).toBeGreaterThanOrEqual(level * 1.6)
        expect(threshold).toBeLessThanOrEqual(level * 1.6 + 1)
      }),
    )
  })
})
