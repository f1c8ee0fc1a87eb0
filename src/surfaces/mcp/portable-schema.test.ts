import { describe, expect, it } from 'vitest'
import { portable } from './portable-schema.ts'

describe('a portable schema', () => {
  it('has one type in each place, with what is said of it kept together', () => {
    expect(portable({ type: ['string', 'null'], maxLength: 9, description: 'A name' })).toEqual({
      description: 'A name',
      anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }],
    })
  })

  it('reaches every schema, and takes no name of a property for a keyword', () => {
    const deep = { type: ['integer', 'null'] }
    const flat = { anyOf: [{ type: 'integer' }, { type: 'null' }] }
    expect(
      portable({ type: 'object', properties: { enum: deep, propertyNames: { type: 'array', items: deep } } }),
    ).toEqual({ type: 'object', properties: { enum: flat, propertyNames: { type: 'array', items: flat } } })
    expect(portable({ anyOf: [deep], additionalProperties: deep })).toEqual({
      anyOf: [flat],
      additionalProperties: flat,
    })
  })

  it('leaves out what demands nothing, and what would be too long', () => {
    expect(
      portable({ $schema: 'x', type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} }),
    ).toEqual({ type: 'object' })
    const long = Array.from({ length: 41 }, (_, n) => `code_${n}`)
    expect(portable({ type: 'string', enum: long, pattern: 'x' }, { brief: true })).toEqual({ type: 'string' })
    expect(portable({ type: 'string', enum: long })).toEqual({ type: 'string', enum: long })
    expect(portable({ type: 'object', additionalProperties: false })).toEqual({
      type: 'object',
      additionalProperties: false,
    })
  })
})
