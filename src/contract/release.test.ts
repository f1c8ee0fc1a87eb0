import { describe, expect, it } from 'vitest'
import { compareReleases, headerOf, OWN_RELEASE, releaseOf } from './release.ts'

describe('a release', () => {
  it('is read from the header that names it, of a client or a server', () => {
    expect(releaseOf('1.2.3; api=4')).toEqual({ version: '1.2.3', api: 4 })
    expect(releaseOf('cli/1.2.3-rc.1;api=4')).toEqual({ version: '1.2.3-rc.1', api: 4 })
    expect(releaseOf(headerOf(OWN_RELEASE))).toEqual(OWN_RELEASE)
  })

  it('is not read from anything else', () => {
    const wrong = [
      '',
      '1.2.3',
      'cli/1.2; api=1',
      'api=1',
      '1.2.3; api=',
      '1.2.3; api=-1',
      '1.2.3; api=1; more',
      '1.2.3\n; api=1',
    ]
    for (const header of [...wrong, `1.2.3-${'x'.repeat(65)}; api=1`, `${'9'.repeat(7)}.0.0; api=1`, null, undefined])
      expect([header, releaseOf(header)]).toEqual([header, null])
  })

  it('is older or newer by its API, then by its numbers, and a test release before the release', () => {
    const order = [
      '0.9.0; api=1',
      '0.10.0-rc.2; api=1',
      '0.10.0-rc.10; api=1',
      '0.10.0; api=1',
      '1.0.0; api=1',
      '0.1.0; api=2',
    ]
    const releases = order.map((header) => releaseOf(header) ?? OWN_RELEASE)
    const shuffled = [3, 0, 5, 2, 4, 1].flatMap((i) => releases[i] ?? [])
    expect(shuffled.toSorted(compareReleases).map(headerOf)).toEqual(order)
    expect(compareReleases(OWN_RELEASE, { ...OWN_RELEASE })).toBe(0)
  })
})
