import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fold } from './fold.ts'

const PAIRS: readonly (readonly [string, string])[] = [
  ['ABC', 'abc'],
  ['\u00c4\u00d6', '\u00e4\u00f6'],
  ['\u03a3\u03c2', '\u03c3\u03c3'],
  ['\u212a', 'k'],
  ['\u017f', 's'],
  ['\u0416', '\u0436'],
  ['\u{10400}', '\u{10428}'],
]

describe('folding', () => {
  it('makes both cases of a letter the same, and leaves a dotted capital I alone', () => {
    for (const [one, other] of PAIRS) expect([one, fold(one)]).toEqual([one, fold(other)])
    expect(fold('x\u0130Y')).toBe('x\u0130y')
  })

  it('keeps every unit at its place, and does not change what is folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat({ max: 40 }), (text, at) => {
        const folded = fold(text)
        expect(folded.length).toBe(text.length)
        expect(fold(folded)).toBe(folded)
        // Whole characters fold alike wherever they stand.
        const cut = text.slice(0, at).isWellFormed() ? at : at + 1
        expect(fold(text.slice(0, cut)) + fold(text.slice(cut))).toBe(folded)
      }),
      { numRuns: 2000 },
    )
  })
})
