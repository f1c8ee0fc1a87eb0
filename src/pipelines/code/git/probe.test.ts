import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commitFiles, git as run, makeRepository } from '../../../../test/support/git-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { parseSource } from '../source.ts'
import { prepareGit } from './git.ts'
import { ensureCommit } from './mirror.ts'
import { probeSource } from './probe.ts'
import { readTree } from './read-mirror.ts'

const folder = temporaryFolder('probe')
afterAll(() => folder.remove())
const git = prepareGit({ dir: join(folder.path, 'git'), path: process.env['PATH'] ?? '', allowHosts: [] })
const rules = { gitBaseUrl: 'https://github.com', localRepos: [folder.path] }
let made = 0

function repository(files: Record<string, string> = { 'a.txt': 'one\n' }): string {
  return makeRepository(join(folder.path, `source-${made++}`), files)
}
const probe = (path: string, ref?: string) => probeSource(git, parseSource(path, rules), { ref })
const head = (path: string, name = 'HEAD') => run(path, 'rev-parse', name).trim()

describe('the ref that is read', () => {
  it('is the one that the source has as its default, then main, then master', async () => {
    const path = repository()
    run(path, 'checkout', '-q', '-b', 'trunk')
    commitFiles(path, { 'b.txt': 'two\n' }, 'second')
    run(path, 'branch', 'master')
    expect(await probe(path)).toEqual({ ref: 'refs/heads/trunk', commit: head(path, 'trunk') })
    run(path, 'symbolic-ref', 'HEAD', 'refs/heads/unborn')
    expect(await probe(path)).toEqual({ ref: 'refs/heads/main', commit: head(path, 'main') })
    run(path, 'branch', '-D', 'main')
    expect((await probe(path)).ref).toBe('refs/heads/master')
    run(path, 'branch', '-D', 'master')
    await expect(probe(path)).rejects.toMatchObject({ code: 'ref_not_found' })
  })

  it('is what is checked out when that is no branch', async () => {
    const path = repository()
    const first = head(path)
    commitFiles(path, { 'b.txt': 'two\n' }, 'second')
    run(path, 'checkout', '-q', '--detach', first)
    expect(await probe(path)).toEqual({ ref: 'HEAD', commit: first })
  })

  it('may be a branch, a tag of either kind, a full name, or a whole commit', async () => {
    const path = repository()
    const first = head(path)
    run(path, 'tag', 'light')
    run(path, 'tag', '-a', 'heavy', '-m', 'x')
    run(path, 'tag', '-a', 'twice', '-m', 'x', 'heavy')
    run(path, 'branch', 'topic/one')
    commitFiles(path, { 'b.txt': 'two\n' }, 'second')
    for (const ref of ['light', 'heavy', 'twice', 'topic/one', 'refs/tags/heavy', 'refs/heads/topic/one', first])
      expect([ref, (await probe(path, ref)).commit]).toEqual([ref, first])
    expect((await probe(path, first.toUpperCase())).commit).toBe(first)
    for (const ref of ['none', first.slice(0, 12), 'heavy^{}', 'HEAD~1', '--all', 'refs/heads/*'])
      await expect(probe(path, ref)).rejects.toMatchObject({ code: 'ref_not_found' })
    run(path, 'branch', first.slice(0, 12))
    expect((await probe(path, first.slice(0, 12))).commit).toBe(head(path))
  })

  it('may be a commit that no ref names, but nothing that is no commit', async () => {
    const path = repository()
    const lost = head(path)
    run(path, 'tag', 'of-a-tree', `${lost}^{tree}`)
    run(path, 'tag', '-a', 'heavy', '-m', 'x')
    run(path, 'commit', '-q', '--amend', '-m', 'other')
    run(path, 'tag', '-d', 'heavy')
    const source = parseSource(path, rules)
    const fetch = async (ref: string, mirror: string) => {
      const target = await probeSource(git, source, { ref })
      const request = { mirror: join(folder.path, mirror), source, target }
      await ensureCommit(git, request)
      return (await readTree(git, request)).files.map(({ path: name }) => name)
    }
    expect(await fetch(lost, 'm1.git')).toEqual(['a.txt'])
    for (const ref of ['of-a-tree', head(path, 'HEAD^{tree}'), '0'.repeat(40)])
      await expect(fetch(ref, 'm2.git')).rejects.toMatchObject({ code: 'ref_not_found' })
  })
})

describe('a source that can not be read', () => {
  it('says what it is', async () => {
    const empty = join(folder.path, 'empty')
    mkdirSync(empty)
    expect(() => parseSource(empty, rules)).toThrow('source_not_a_repository')
    run(empty, 'init', '-q')
    await expect(probe(empty)).rejects.toMatchObject({ code: 'repository_empty' })
    const other = join(folder.path, 'sha256')
    mkdirSync(other)
    run(other, 'init', '-q', '--object-format=sha256')
    writeFileSync(join(other, 'a'), 'a')
    run(other, 'add', 'a')
    run(other, 'commit', '-qm', 'a')
    for (const ref of [undefined, 'main', 'a'.repeat(40)])
      await expect(probe(other, ref)).rejects.toMatchObject({
        code: 'source_not_a_repository',
        details: { reason: 'sha256' },
      })
  })

  it('with very many refs is read all the same', async () => {
    const path = repository()
    const commit = head(path)
    const names = Array.from({ length: 200_000 }, (_, n) => `${commit} refs/pull/${n}/a-name-of-some-length`)
    writeFileSync(
      join(path, '.git/packed-refs'),
      `# pack-refs with: peeled fully-peeled sorted \n${names.toSorted().join('\n')}\n`,
    )
    expect(await probe(path)).toEqual({ ref: 'refs/heads/main', commit })
  })
})
