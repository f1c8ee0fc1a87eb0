import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StripeFailure } from './failure.ts'
import { decodeForm, type Raw } from './form.ts'

/** As the library encodes: `a[b][0]=c`. */
function encoded(value: unknown, name = ''): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, String(value)]]
  return Object.entries(value).flatMap(([key, inner]) => encoded(inner, name === '' ? key : `${name}[${key}]`))
}
const plain = (raw: Raw): unknown =>
  raw instanceof Map ? Object.fromEntries([...raw].map(([key, value]) => [key, plain(value)])) : raw

function outcome(text: string): string {
  try {
    decodeForm(text)
    return 'form'
  } catch (error) {
    return error instanceof StripeFailure ? 'refusal' : 'another error'
  }
}

describe('a form', () => {
  it('is read back as it was written', () => {
    const key = fc.stringMatching(/^[a-z_]{1,8}$/)
    const tree = fc.dictionary(key, fc.oneof(fc.string(), fc.dictionary(key, fc.string(), { minKeys: 1 })), {
      noNullPrototype: true,
    })
    fc.assert(
      fc.property(tree, (value) => {
        const text = new URLSearchParams(encoded(value)).toString()
        // Text with half of a character does not survive any encoding.
        fc.pre(text.isWellFormed() && JSON.stringify(value).isWellFormed() && !text.includes('%EF%BF%BD'))
        expect(plain(decodeForm(text))).toEqual(value)
      }),
    )
  })

  it('counts what has no index, and begins a new element when a key comes again', () => {
    expect(plain(decodeForm('a[]=x&a[]=y'))).toEqual({ a: { 0: 'x', 1: 'y' } })
    expect(plain(decodeForm('i[][p]=a&i[][q]=1&i[][p]=b'))).toEqual({ i: { 0: { p: 'a', q: '1' }, 1: { p: 'b' } } })
  })

  it('answers any text with a form or a refusal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(outcome(text)).not.toBe('another error')
      }),
    )
    expect(decodeForm('__proto__[x]=1').get('__proto__')).toBeInstanceOf(Map)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})
