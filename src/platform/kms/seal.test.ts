import { describe, expect, it } from 'vitest'
import { seal, unseal } from './seal.ts'

const lock = { secret: 'the key of a caller', place: 'org_1 key-1' }

describe('a sealed text', () => {
  it('opens with its secret at its place, and is another one each time', () => {
    const [one, two] = [seal(lock, 'täxt'), seal(lock, 'täxt')]
    expect([unseal(lock, one), unseal(lock, two)]).toEqual(['täxt', 'täxt'])
    expect(one.equals(two)).toBe(false)
    expect(one.toString('latin1')).not.toContain('xt')
  })

  it('does not open with another secret or at another place', () => {
    const sealed = seal(lock, 'text')
    expect(unseal({ ...lock, secret: 'another' }, sealed)).toBeNull()
    expect(unseal({ ...lock, place: 'org_2 key-1' }, sealed)).toBeNull()
  })

  it('does not open with any bit changed, nor cut short', () => {
    const sealed = seal(lock, 'text')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(unseal(lock, changed)).toBeNull()
    }
    for (let length = 0; length < sealed.length; length++) expect(unseal(lock, sealed.subarray(0, length))).toBeNull()
  })
})
