import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BYTES_PER_TOKEN, fitPage, sizeOf } from './fit-page.ts'

const rows = ['a', 'b', 'c'].map((letter) => letter.repeat(397))

describe('a page', () => {
  it('has as many rows as are wanted', () => {
    expect(fitPage(rows, { limit: 2 })).toEqual(rows.slice(0, 2))
    expect(fitPage(rows, { limit: 5, maxTokens: 300 })).toEqual(rows)
  })

  it('has as many as have room, and one at least', () => {
    expect(fitPage(rows, { limit: 3, maxTokens: 299 })).toEqual(rows.slice(0, 2))
    expect(fitPage(rows, { limit: 3, maxTokens: 5 })).toEqual(rows.slice(0, 1))
    expect(fitPage([], { limit: 3, maxTokens: 5 })).toEqual([])
  })

  it('has fewer rows of a script whose letters take more room', () => {
    const chinese = rows.map(() => '\u4e2d'.repeat(397))
    expect(fitPage(chinese, { limit: 3, maxTokens: 300 })).toEqual(chinese.slice(0, 1))
  })

  it('after page leaves no row out and gives none twice, whatever the rows and the room', () => {
    const row = fc.record({ name: fc.string({ unit: 'grapheme', maxLength: 60 }), count: fc.nat() })
    const given = fc.record({ limit: fc.integer({ min: 1, max: 9 }), maxTokens: fc.integer({ min: 1, max: 80 }) })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), given, (all, room) => {
        const seen: unknown[] = []
        while (seen.length < all.length) {
          const page = fitPage(all.slice(seen.length), room)
          expect(page.length).toBeGreaterThan(0)
          expect(page.length).toBeLessThanOrEqual(room.limit)
          const hasRoom = page.length === 1 || sizeOf(page) - 1 <= room.maxTokens * BYTES_PER_TOKEN
          expect(hasRoom).toBe(true)
          seen.push(...page)
        }
        expect(seen).toEqual(all)
      }),
    )
  })
})
