import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { commitFiles, git as run, gitWithInput, makeRepository } from '../../../../test/support/git-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { prepareGit } from './git.ts'
import { listTree, type TreeLimits } from './tree.ts'

const folder = temporaryFolder('tree')
afterAll(() => folder.remove())
const git = prepareGit({ dir: join(folder.path, 'git'), path: process.env['PATH'] ?? '', allowHosts: [] })
let made = 0
const list = (source: string, limits: TreeLimits = {}) => {
  const mirror = join(folder.path, `mirror-${made++}.git`)
  run(source, 'clone', '-q', '--bare', source, mirror)
  return listTree(git, mirror, run(source, 'rev-parse', 'HEAD').trim(), undefined, limits)
}
const repository = (files: Record<string, string>) => makeRepository(join(folder.path, `source-${made++}`), files)

describe('the files of a commit', () => {
  it('leave out a path that is too long for an index of the database', async () => {
    const part = 'p'.repeat(200)
    const kept = [part, part, part, 'kept'].join('/')
    const left = [part, part, part, part, 'left'].join('/')
    const { files, skipped } = await list(repository({ [kept]: 'a', [left]: 'a' }))
    expect(files.map(({ path }) => path)).toEqual([kept])
    expect(skipped.pathInvalid).toBe(1)
  })

  it('leave out what .gitattributes mark as generated or vendored, as git reads them', async () => {
    const source = repository({
      '.gitattributes': [
        '[attr]machine linguist-generated',
        'gen/** linguist-generated=true',
        '*.pb.ts machine',
        'lib/* linguist-vendored',
        'third/** linguist-vendored linguist-generated',
        'gen/by-hand.ts -linguist-generated',
        'gen/false.ts linguist-generated=false',
        'unset.ts !linguist-generated',
      ].join('\n'),
      'gen/a.ts': 'a',
      'gen/deep/er/a.ts': 'a',
      'gen/by-hand.ts': 'a',
      'gen/false.ts': 'a',
      'src/x.pb.ts': 'a',
      'src/y.pb.ts': 'a',
      'src/.gitattributes': 'y.pb.ts -linguist-generated\nown.ts linguist-vendored=true',
      'src/own.ts': 'a',
      'own.ts': 'a',
      'lib/a.ts': 'a',
      'lib/deep/a.ts': 'a',
      'third/a.ts': 'a',
      'unset.ts': 'a',
    })
    const { files, skipped } = await list(source)
    expect(files.map(({ path }) => path)).toEqual([
      '.gitattributes',
      'gen/by-hand.ts',
      'gen/false.ts',
      'lib/deep/a.ts',
      'own.ts',
      'src/.gitattributes',
      'src/y.pb.ts',
      'unset.ts',
    ])
    expect(skipped).toMatchObject({ generated: 4, vendored: 2 })
  })

  it('have the names that they have, with any character in them', async () => {
    const names = ['a\tb.ts', 'a\nb.ts', '-rf', ' ', 'é/ü.ts', '"quoted"', 'c:\\d', ':(glob)*', 'gen/\n.ts']
    const source = repository(Object.fromEntries(names.map((name) => [name, name])))
    const before = await list(source)
    expect(before.files.map(({ path }) => path).toSorted()).toEqual(names.toSorted())
    commitFiles(
      source,
      { '.gitattributes': 'gen/* linguist-generated\n', 'd\\e/.gitattributes': '* linguist-vendored' },
      'second',
    )
    const { files, skipped } = await list(source)
    expect(files).toHaveLength(names.length)
    expect(skipped).toMatchObject({ generated: 1, vendored: 1 })
  })

  it('have no links, modules, or paths that no folder can hold', async () => {
    const source = repository({ 'a.ts': 'a' })
    symlinkSync('/etc/passwd', join(source, 'link'))
    run(source, 'add', '-A')
    const commit = run(source, 'rev-parse', 'HEAD').trim()
    run(source, 'update-index', '--add', '--cacheinfo', `160000,${commit},module`)
    run(source, 'commit', '-qm', 'second')
    const { files, skipped } = await list(source)
    expect(files.map(({ path }) => path)).toEqual(['a.ts'])
    expect(skipped).toMatchObject({ symlink: 1, submodule: 1 })
    // No git would commit such a tree, but a server can send one.
    const blob = run(source, 'rev-parse', 'HEAD:a.ts').trim()
    const entries = ['..', '.git', '.GIT', '.gitignore', '...'].map((name) =>
      Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')]),
    )
    const tree = gitWithInput(
      source,
      Buffer.concat(entries),
      'hash-object',
      '-t',
      'tree',
      '--literally',
      '-w',
      '--stdin',
    ).trim()
    const bad = await listTree(git, join(source, '.git'), tree)
    expect(bad.files.map(({ path }) => path)).toEqual(['.gitignore', '...'])
    expect(bad.skipped.pathInvalid).toBe(3)
  })

  it('are too many beyond the limit', async () => {
    const source = repository({ a: '1', b: '2', c: '3' })
    expect((await list(source, { maxFiles: 3 })).files).toHaveLength(3)
    await expect(list(source, { maxFiles: 2 })).rejects.toMatchObject({
      code: 'repository_too_large',
      details: { limitFiles: 2 },
    })
  })

  it('have too long paths, all together, beyond the limit', async () => {
    const source = repository({ 'a/1234567': '1', 'b/1234567': '2' })
    expect((await list(source, { maxPathBytes: 18 })).files).toHaveLength(2)
    await expect(list(source, { maxPathBytes: 17 })).rejects.toMatchObject({
      code: 'repository_too_large',
      details: { limitPathBytes: 17 },
    })
  })

  it('are too many when few trees make them, which is found out at once and in little memory', async () => {
    const source = repository({ '.gitattributes': '* linguist-generated' })
    const blob = run(source, 'rev-parse', 'HEAD:.gitattributes').trim()
    const treeOf = (mode: string, id: string, more = ''): string => {
      const rows = Array.from({ length: 70 }, (_, n) => {
        const name = `${String(n).padStart(3, '0')}${'x'.repeat(200)}`
        return `${mode} ${mode === '40000' ? 'tree' : 'blob'} ${id}\t${name}\n`
      })
      return gitWithInput(source, Buffer.from(more + rows.join('')), 'mktree').trim()
    }
    const inner = treeOf('40000', treeOf('100644', blob))
    const bomb = treeOf('40000', inner, `100644 blob ${blob}\t.gitattributes\n`)
    let blockedMs = 0
    let last = performance.now()
    const looking = setInterval(() => {
      blockedMs = Math.max(blockedMs, performance.now() - last)
      last = performance.now()
    }, 5)
    const before = process.memoryUsage().rss
    const listed = listTree(git, join(source, '.git'), bomb).finally(() => clearInterval(looking))
    await expect(listed).rejects.toMatchObject({ code: 'repository_too_large', details: { limitPathBytes: 64 << 20 } })
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6)
    expect(blockedMs).toBeLessThan(1_000)
  })

  it('are asked for their marks only where there is a .gitattributes, in any order of folders', async () => {
    const mark = '* linguist-generated'
    const source = repository({
      'a/-sub/.gitattributes': '* linguist-vendored',
      'a/-sub/x': 'x',
      'a/.gitattributes': mark,
      'a/x': 'x',
      'a-b/x': 'x',
      'b/x': 'x',
      'c/d/.gitattributes': mark,
      'c/d/e/x': 'x',
      'c/x': 'x',
      'z/é/.gitattributes': mark,
      'z/é/x': 'x',
      'z/日本/x': 'x',
    })
    const { files, skipped } = await list(source)
    expect(files.map(({ path }) => path)).toEqual(['a-b/x', 'b/x', 'c/x', 'z/日本/x'])
    expect(skipped).toMatchObject({ generated: 8, vendored: 0 })
  })

  it('are asked for in parts when they are many', async () => {
    const source = repository({ '.gitattributes': 'odd* linguist-generated' })
    for (let n = 0; n < 40; n++) {
      const name = join(source, `folder-${n}-${'x'.repeat(100)}`)
      mkdirSync(name)
      for (let m = 0; m < 50; m++) writeFileSync(join(name, `${m % 2 ? 'odd' : 'even'}-${m}`), '')
    }
    run(source, 'add', '-A')
    run(source, 'commit', '-qm', 'many')
    const { files, skipped } = await list(source)
    expect([files.length, skipped.generated]).toEqual([1001, 1000])
    expect(files.filter(({ path }) => path.includes('odd'))).toEqual([])
  })

  it('of a tree that is lost are damaged', async () => {
    await expect(listTree(git, join(repository({ a: '1' }), '.git'), '1'.repeat(40))).rejects.toMatchObject({
      code: 'source_damaged',
    })
  })
})
