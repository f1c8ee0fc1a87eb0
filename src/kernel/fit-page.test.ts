import { describe, expect, it } from 'vitest'
import { fitPage } from './fit-page.ts'

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
})
