import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { commandOf, defaultDataDir } from './installation.ts'

describe('the data folder', () => {
  const installed = { root: '/usr/lib/node_modules/tenon', installed: true }
  const HOME = '/home/ada'

  it('of a checkout is in the checkout, whatever the environment says', () => {
    const checkout = { root: '/src/tenon', installed: false }
    expect(defaultDataDir(checkout, { platform: 'linux', HOME, XDG_DATA_HOME: '/data' })).toBe('/src/tenon/.tenon')
  })

  it('of an installed package is where the system keeps the data of a user', () => {
    expect(defaultDataDir(installed, { platform: 'linux', HOME })).toBe('/home/ada/.local/share/tenon')
    expect(defaultDataDir(installed, { platform: 'linux', HOME, XDG_DATA_HOME: '/data' })).toBe('/data/tenon')
    expect(defaultDataDir(installed, { platform: 'darwin', HOME, XDG_DATA_HOME: '/data' })).toBe(
      '/home/ada/Library/Application Support/tenon',
    )
    expect(defaultDataDir(installed, { platform: 'win32', HOME, LOCALAPPDATA: '/local' })).toBe('/local/tenon')
    expect(defaultDataDir(installed, { platform: 'win32', HOME })).toBe('/home/ada/AppData/Local/tenon')
  })

  it('is not made of a relative XDG_DATA_HOME, which means nothing', () => {
    expect(defaultDataDir(installed, { platform: 'linux', HOME, XDG_DATA_HOME: 'data' })).toBe(
      '/home/ada/.local/share/tenon',
    )
  })

  it('is that of the user as the system knows it, where HOME is not set', () => {
    expect(defaultDataDir(installed, { platform: 'linux' })).toMatch(/^\/.*\/\.local\/share\/tenon$/)
  })
})

describe('the command', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let root = ''

  beforeEach(() => {
    folder = temporaryFolder('installation')
    root = join(folder.path, 'node_modules', 'tenon')
    mkdirSync(root, { recursive: true })
  })
  afterEach(() => folder.remove())

  it('is `tenon` of a global package, and goes through npx in a checkout and in a project', () => {
    expect(commandOf({ root, installed: true })).toBe('tenon')
    expect(commandOf({ root, installed: false })).toBe('npx tenon')
    writeFileSync(join(folder.path, 'package.json'), '{}')
    expect(commandOf({ root, installed: true })).toBe('npx tenon')
  })
})
