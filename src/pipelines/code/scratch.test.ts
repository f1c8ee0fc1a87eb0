import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { newId } from '../../kernel/ids.ts'
import { clearScratch, leaveScratch } from './scratch.ts'

const folder = temporaryFolder('scratch')
afterAll(() => folder.remove())

it('only what other processes left long ago is removed', () => {
  const [own, dead, halfDead, alive] = [newId('worker'), newId('worker'), newId('worker'), newId('worker')]
  for (const name of [own, dead, halfDead, alive, 'foreign']) {
    mkdirSync(join(folder.path, name))
    writeFileSync(join(folder.path, name, 'old'), '')
    utimesSync(join(folder.path, name, 'old'), 0, 0)
  }
  writeFileSync(join(folder.path, halfDead, 'new'), '')
  for (const name of [own, dead, halfDead, 'foreign']) utimesSync(join(folder.path, name), 0, 0)
  clearScratch(join(folder.path, own))
  expect(readdirSync(folder.path).toSorted()).toEqual([own, halfDead, alive, 'foreign'].toSorted())
  expect(readdirSync(join(folder.path, halfDead))).toEqual(['new'])
  expect(readdirSync(join(folder.path, alive))).toEqual(['old'])
  leaveScratch(join(folder.path, halfDead))
  expect(readdirSync(join(folder.path, halfDead))).toEqual(['new'])
  clearScratch(join(folder.path, 'none', own))
})
