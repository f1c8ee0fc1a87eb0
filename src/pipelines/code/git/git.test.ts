import { expect, it } from 'vitest'
import { parentOf, recordSpans } from '../../../../test/support/record-spans.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { traced } from '../../../kernel/trace.ts'
import { keptText, prepareGit, runGit } from './git.ts'
import { readBlobs } from './read-blobs.ts'

const token = 'a-secret-token-of-forty-characters-or-so'
const credential = { username: 'x', token }
const sent = Buffer.from(`x:${token}`).toString('base64')

it('what git says is kept without the token, wherever it is cut', () => {
  for (const secret of [token, sent])
    for (let before = 4_050; before < 4_150; before++)
      for (const after of [4_000, 4_096, 4_140, 20_000]) {
        const kept = keptText(credential)
        const text = `${'-'.repeat(before)}${secret}${'-'.repeat(after)}`
        for (let at = 0; at < text.length; at += 1_021) kept.add(Buffer.from(text.slice(at, at + 1_021)))
        const shown = kept.text()
        for (let at = 0; at + 8 <= secret.length; at++) expect(shown.includes(secret.slice(at, at + 8))).toBe(false)
      }
})

it('what git says is kept with its beginning and its end', () => {
  const kept = keptText(undefined)
  for (let n = 0; n < 100; n++) kept.add(Buffer.from(`${n} ${'-'.repeat(1_000)}`))
  expect(kept.text().length).toBe(8_192)
  expect(kept.text()).toMatch(/^0 -.*99 -+$/)
})

it('a git command is a span of its name and exit code, and shows neither address nor place nor token', async () => {
  const folder = temporaryFolder('git-spans')
  const git = prepareGit({ dir: folder.path, path: process.env['PATH'] ?? '', allowHosts: [] })
  const run = { cwd: folder.path, credential, protocol: 'https', signal: AbortSignal.timeout(20_000) } as const
  const spans = await recordSpans(() =>
    traced('outer', {}, async () => {
      await runGit(git, ['--version'])
      await runGit(git, ['ls-remote', '--', `https://x:${token}@127.0.0.1:1/private`], run)
      await expect(runGit(git, ['version'], { signal: AbortSignal.abort() })).rejects.toThrow('cancelled')
      await expect(Array.fromAsync(readBlobs(git, folder.path, ['0'.repeat(40)]))).rejects.toThrow('source_damaged')
    }),
  )
  folder.remove()
  const outer = spans.at(-1)
  expect(spans.slice(0, -1).map(({ name, attributes, status }) => [name, attributes, status.message])).toEqual([
    ['git version', { 'process.executable.name': 'git', 'process.exit.code': 0 }, undefined],
    ['git ls-remote', { 'process.executable.name': 'git', 'process.exit.code': 128 }, undefined],
    ['git version', { 'process.executable.name': 'git', 'error.type': 'cancelled' }, 'cancelled'],
    ['git cat-file', { 'process.executable.name': 'git', 'error.type': 'source_damaged' }, 'source_damaged'],
  ])
  for (const span of spans.slice(0, -1)) expect(parentOf(span)).toBe(outer?.spanContext().spanId)
})
