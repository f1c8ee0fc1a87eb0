import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { git as run, makeRepository } from '../../../../test/support/git-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { prepareGit } from './git.ts'
import { readBlobs } from './read-blobs.ts'

const folder = temporaryFolder('blobs')
afterAll(() => folder.remove())

it('a reader that leaves in the middle of much output ends at once', async () => {
  const large = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, randomBytes(50_000).toString('hex')]))
  const source = makeRepository(join(folder.path, 'source'), large)
  const shas = run(source, 'ls-files', '-s')
    .split('\n')
    .map((line) => line.split(/\s/)[1] ?? '')
  const git = prepareGit({
    dir: join(folder.path, 'git'),
    path: process.env['PATH'] ?? '',
    allowHosts: [],
    caFile: undefined,
  })
  const abort = new AbortController()
  const named = shas.filter((sha) => sha !== '')
  const blobs = readBlobs(git, join(source, '.git'), named, abort.signal)
  expect((await blobs.next()).done).toBe(false)
  abort.abort()
  const began = performance.now()
  await blobs.return(undefined)
  expect(performance.now() - began).toBeLessThan(5_000)
})
