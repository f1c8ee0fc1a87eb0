import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from './parse-json.ts'

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`

describe('what is sent as JSON', () => {
  it('is what JSON.parse makes of it, brackets and quotes in texts included', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: fc.constantFrom('[', '{', '"', '\\', 'a') }), (text) => {
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
    expect(parseJson(JSON.stringify('['.repeat(1_000)))).toBe('['.repeat(1_000))
    expect(parseJson(`[${'[],'.repeat(1_000)}1]`)).toHaveLength(1_001)
  })

  it('is refused when it is none', () => {
    for (const text of ['', '{', '"', '[1,]', '"\\', '\\"[']) expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it('is refused when it is nested more deeply than anything is meant, long before it is parsed', () => {
    expect(parseJson(nested(200))).toBeTruthy()
    expect(() => parseJson(nested(201))).toThrow(SyntaxError)
    expect(() => parseJson(`{"a":"]]","b":${'{"c":['.repeat(101)}`)).toThrow('more than 200 levels')
  })
})
