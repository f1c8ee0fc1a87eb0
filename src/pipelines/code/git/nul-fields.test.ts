import { expect, it } from 'vitest'
import { nulFields } from './nul-fields.ts'

it('fields are whole wherever the parts are cut', () => {
  const text = Buffer.from('one\0\0three\0é\0rest')
  for (let size = 1; size <= text.length; size++) {
    const fields: string[] = []
    const take = nulFields((field) => fields.push(field.toString()))
    for (let at = 0; at < text.length; at += size) take(text.subarray(at, at + size))
    expect(fields).toEqual(['one', '', 'three', 'é'])
  }
})

it('a field that does not end is refused', () => {
  const take = nulFields(() => {})
  expect(() => {
    for (let n = 0; n < 20; n++) take(Buffer.alloc(1 << 16, 1))
  }).toThrow('repository_too_large')
})
