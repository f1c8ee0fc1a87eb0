import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { newId } from '../../kernel/ids.ts'
import { createDiskBlobs } from '../../platform/blobs/index.ts'
import { purgeJob } from './purge-job.ts'
import { createIndexReader } from './search/index-reader.ts'

const folder = temporaryFolder('purge')
const blobs = createDiskBlobs(join(folder.path, 'blobs'))
const dir = join(folder.path, 'index')
const reader = createIndexReader({ blobs, dir, maxDiskBytes: 1e9, maxMemoryBytes: 1e8 })
const mirrors = join(folder.path, 'mirrors')
afterAll(async () => {
  await reader.close()
  folder.remove()
})

it('a purge fails, to be tried again, while anything is left of a repository in any place', async () => {
  const [org, repository] = [newId('org'), newId('repo')]
  const places = ['blobs', 'index', 'mirrors'].map((place) =>
    join(folder.path, place, org, place === 'mirrors' ? `${repository}.git` : repository),
  )
  for (const place of places) {
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'x.req_1.unfinished'), 'x')
  }
  const job = purgeJob({ blobs, mirrors, reader })
  const purge = (): Promise<void> => job.run({ org, repository }, new AbortController().signal)
  const lock = `${places[2]}.lock`
  writeFileSync(lock, '')
  await expect(purge()).rejects.toThrow('left: mirror')
  expect(places.map((place) => existsSync(place))).toEqual([false, false, false])
  rmSync(lock)
  await purge()
})
