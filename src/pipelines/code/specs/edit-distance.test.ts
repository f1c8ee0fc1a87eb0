import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bitsBetween, editDistance, lettersOf } from './edit-distance.ts'

/** After the definition, of every cell. */
function distanceOf(a: string, b: string): number {
  const cells = new Map<string, number>()
  const at = (i: number, j: number): number =>
    i < 0 || j < 0 ? Infinity : i === 0 || j === 0 ? i + j : (cells.get(`${i} ${j}`) ?? 0)
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? at(i - 2, j - 2) + 1 : Infinity
      cells.set(`${i} ${j}`, Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1))
    }
  return at(a.length, b.length)
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 })

it('computes the distance that is defined, as far as it matters', () => {
  fc.assert(
    fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, most) => {
      const distance = distanceOf(a, b)
      expect(editDistance(a, b, most)).toBe(distance <= most ? distance : null)
      expect(bitsBetween(lettersOf(a), lettersOf(b))).toBeLessThanOrEqual(2 * distance)
    }),
    { numRuns: 2_000 },
  )
})
