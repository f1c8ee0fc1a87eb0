import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { git as run, makeRepository } from '../../../../test/support/git-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { parseSource, type Source } from '../source.ts'
import { prepareGit } from './git.ts'
import { probeSource } from './probe.ts'
import { readingBlobs, readTree } from './read-mirror.ts'
import { recentChanges } from './history.ts'
import { gitFoldersOf } from './local-repository.ts'

const folder = temporaryFolder('local')
afterAll(() => folder.remove())
const allowed = join(folder.path, 'allowed')
const secret = makeRepository(join(folder.path, 'secret'), { 'secret.txt': 'nobody may read this\n' })
mkdirSync(allowed)
const git = prepareGit({ dir: join(folder.path, 'git'), path: process.env['PATH'] ?? '', allowHosts: [] })
const rules = { gitBaseUrl: 'https://github.com', localRepos: [allowed] }
let made = 0
const fresh = (): string => makeRepository(join(allowed, `app-${made++}`), { 'a.txt': 'one\n' })

function reasonOf(path: string): string {
  try {
    return parseSource(path, rules).kind
  } catch (error) {
    if (!(error instanceof TenonError)) throw error
    return error.code
  }
}

async function readAll(source: Source) {
  const request = {
    mirror: join(folder.path, 'mirrors', `m${made++}.git`),
    source,
    target: await probeSource(git, source, {}),
  }
  const { files } = await readTree(git, request)
  const contents = []
  for await (const { content } of readingBlobs(
    git,
    request,
    files.map(({ sha }) => sha),
  ))
    contents.push(content.toString())
  await recentChanges(git, request)
  return { paths: files.map(({ path }) => path), contents }
}

describe('a local repository', () => {
  it('is read as a working tree, a bare folder, a linked tree or by a link to it', async () => {
    const app = fresh()
    run(app, 'worktree', 'add', '-q', join(allowed, 'linked'), '-b', 'side')
    run(app, 'clone', '-q', '--bare', app, join(allowed, 'bare 100%25.git'))
    symlinkSync(app, join(allowed, 'link'))
    run(app, 'clone', '-q', '--shared', app, join(allowed, 'shared'))
    for (const name of ['linked', 'link', 'shared'])
      expect([name, (await readAll(parseSource(join(allowed, name), rules))).contents]).toEqual([name, ['one\n']])
    renameSync(join(allowed, 'bare 100%25.git'), join(allowed, 'bare%25.git'))
    expect((await readAll(parseSource(join(allowed, 'bare%25.git'), rules))).contents).toEqual(['one\n'])
  })

  it('runs nothing that its own configuration or hooks name', async () => {
    const app = fresh()
    const canary = join(folder.path, 'canary')
    const script = join(folder.path, 'script.sh')
    writeFileSync(script, `#!/bin/sh\ntouch ${canary}\nexec "$@"\n`)
    chmodSync(script, 0o755)
    const hooks = join(app, '.git', 'hooks')
    mkdirSync(hooks, { recursive: true })
    for (const name of ['post-checkout', 'reference-transaction', 'pre-receive', 'post-update', 'pre-auto-gc'])
      cpSync(script, join(hooks, name))
    writeFileSync(join(app, '.git', 'more'), `[core]\n\tsshCommand = ${script}\n\talternateRefsCommand = ${script}\n`)
    const settings = {
      'uploadpack.packObjectsHook': script,
      'core.fsmonitor': script,
      'core.hooksPath': hooks,
      'core.sshCommand': script,
      'core.gitProxy': script,
      'core.askPass': script,
      'core.pager': script,
      'credential.helper': `!${script}`,
      'alias.upload-pack': `!${script}`,
      'alias.pack-objects': `!${script}`,
      'include.path': 'more',
      'diff.external': script,
      'remote.origin.url': `ext::${script}`,
      'remote.origin.uploadpack': script,
      'remote.origin.promisor': 'true',
      'remote.origin.partialclonefilter': 'blob:none',
      'extensions.partialClone': 'origin',
      'core.repositoryformatversion': '1',
      'protocol.ext.allow': 'always',
    }
    for (const [name, value] of Object.entries(settings)) run(app, 'config', name, value)
    expect((await readAll(parseSource(app, rules))).contents).toEqual(['one\n'])
    // A blob that is lost would be asked of the remote.
    const blob = run(app, 'rev-parse', 'HEAD:a.txt').trim()
    renameSync(join(app, '.git/objects', blob.slice(0, 2), blob.slice(2)), join(folder.path, 'kept'))
    await expect(readAll(parseSource(app, rules))).rejects.toMatchObject({ code: 'source_damaged' })
    expect(existsSync(canary)).toBe(false)
  })

  it('is refused when a part of it stands outside of the allowed folders', () => {
    const borrowing = fresh()
    writeFileSync(join(borrowing, '.git/objects/info/alternates'), `${join(secret, '.git/objects')}\n`)
    const farther = fresh()
    writeFileSync(
      join(farther, '.git/objects/info/alternates'),
      `# x\n../../../${borrowing.split('/').at(-1) ?? ''}/.git/objects\n`,
    )
    const quoted = fresh()
    writeFileSync(join(quoted, '.git/objects/info/alternates'), `"${join(secret, '.git/objects')}"\n`)
    const pointing = join(allowed, 'pointing')
    mkdirSync(pointing)
    writeFileSync(join(pointing, '.git'), `gitdir: ${join(secret, '.git')}\n`)
    const linking = join(allowed, 'linking')
    mkdirSync(linking)
    symlinkSync(join(secret, '.git'), join(linking, '.git'))
    const dangling = join(allowed, 'dangling')
    mkdirSync(dangling)
    symlinkSync(join(folder.path, 'nothing'), join(dangling, '.git'))
    const common = fresh()
    writeFileSync(join(common, '.git/commondir'), `${join(secret, '.git')}\n`)
    const objects = fresh()
    renameSync(join(objects, '.git/objects'), join(folder.path, 'objects'))
    symlinkSync(join(secret, '.git/objects'), join(objects, '.git/objects'))
    const pack = fresh()
    symlinkSync(join(secret, '.git/HEAD'), join(pack, '.git/objects/pack/pack-1.pack'))
    const loose = fresh()
    const blob = run(secret, 'rev-parse', 'HEAD:secret.txt').trim()
    mkdirSync(join(loose, '.git/objects', blob.slice(0, 2)), { recursive: true })
    const object = join('.git/objects', blob.slice(0, 2), blob.slice(2))
    symlinkSync(join(secret, object), join(loose, object))
    const fanOut = fresh()
    rmSync(join(fanOut, '.git/objects', blob.slice(0, 2)), { recursive: true, force: true })
    symlinkSync(join(secret, '.git/objects', blob.slice(0, 2)), join(fanOut, '.git/objects', blob.slice(0, 2)))
    const graphs = fresh()
    mkdirSync(join(graphs, '.git/objects/info/commit-graphs'))
    symlinkSync(join(secret, '.git/HEAD'), join(graphs, '.git/objects/info/commit-graphs/graph-1.graph'))
    const refs = fresh()
    symlinkSync(join(secret, '.git/refs/heads'), join(refs, '.git/refs/heads/other'))
    const inner = fresh()
    symlinkSync('main', join(inner, '.git/refs/heads/same'))
    const all = {
      borrowing,
      farther,
      loose,
      fanOut,
      graphs,
      refs,
      inner,
      quoted,
      pointing,
      linking,
      dangling,
      common,
      objects,
      pack,
    }
    for (const [what, path] of Object.entries(all)) expect([what, reasonOf(path)]).toEqual([what, 'source_forbidden'])
    expect(reasonOf(secret)).toBe('source_forbidden')
    expect(reasonOf(join(secret, 'none'))).toBe('source_forbidden')
  })

  it('whose parts stand elsewhere is read where these are allowed too', async () => {
    const app = makeRepository(join(folder.path, 'outside'), { 'a.txt': 'one\n' })
    const linked = join(folder.path, 'linked-outside')
    run(app, 'worktree', 'add', '-q', linked, '-b', 'side')
    expect(gitFoldersOf(app)).toEqual([])
    expect(gitFoldersOf(folder.path)).toEqual([])
    expect(() => parseSource(linked, { ...rules, localRepos: [linked] })).toThrow('source_forbidden')
    const source = parseSource(linked, { ...rules, localRepos: [linked, ...gitFoldersOf(linked)] })
    expect((await readAll(source)).contents).toEqual(['one\n'])
  })

  it('is not found beside or below the folder that was named', () => {
    makeRepository(join(allowed, 'beside.git'), { 'a.txt': 'one\n' })
    mkdirSync(join(allowed, 'beside'))
    expect(reasonOf(join(allowed, 'beside'))).toBe('source_not_a_repository')
    const nested = fresh()
    writeFileSync(join(nested, '.git/.git'), `gitdir: ${join(secret, '.git')}\n`)
    expect(reasonOf(nested)).toBe('source_not_a_repository')
    writeFileSync(join(allowed, 'file'), 'x')
    expect(reasonOf(join(allowed, 'file'))).toBe('source_not_a_repository')
  })
})
