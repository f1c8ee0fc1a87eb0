import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { linkLibraries } from './binaries.ts'

/** A folder that takes no links from anyone, root included. */
const FORBIDDEN = existsSync('/sys/kernel') ? '/sys/kernel' : '/System'
const LINKS = [
  { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
  { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
]

describe('the links of the libraries', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let packageDir = ''
  let elsewhere = ''

  beforeEach(() => {
    folder = temporaryFolder('binaries')
    packageDir = join(folder.path, 'package')
    elsewhere = join(folder.path, 'libraries')
    mkdirSync(join(packageDir, 'native'), { recursive: true })
    writeFileSync(join(packageDir, 'native', 'pg-symlinks.json'), JSON.stringify(LINKS))
  })
  afterEach(() => folder.remove())

  it('are made beside the libraries, so that nothing else is needed', async () => {
    mkdirSync(join(packageDir, 'native', 'lib'))
    expect(await linkLibraries(packageDir, elsewhere)).toEqual({})
    expect(readlinkSync(join(packageDir, 'native/lib/libpq.so.5'))).toBe('libpq.so.5.18')
    expect(existsSync(elsewhere)).toBe(false)
  })

  it('are made elsewhere, anew each time, where the package can not be written', async () => {
    symlinkSync(FORBIDDEN, join(packageDir, 'native', 'lib'))
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'libpq.so.4'), 'of the version before')
    const env = await linkLibraries(packageDir, elsewhere)
    expect(Object.values(env)).toEqual([`${elsewhere}:${join(packageDir, 'native/lib')}`])
    expect(readdirSync(elsewhere).toSorted()).toEqual(['libpq.so', 'libpq.so.5'])
    expect(readlinkSync(join(elsewhere, 'libpq.so'))).toBe(join(packageDir, 'native/lib/libpq.so.5.18'))
  })
})
