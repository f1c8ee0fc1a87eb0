import { dirname, join } from 'node:path'
import { prepareGit } from '../../src/pipelines/code/git/git.ts'
import { ensureCommit } from '../../src/pipelines/code/git/mirror.ts'
import { probeSource } from '../../src/pipelines/code/git/probe.ts'
import { parseSource } from '../../src/pipelines/code/source.ts'
import { toTenonError } from '../../src/kernel/tenon-error.ts'

// Fetches a local repository into a mirror, for a test that runs it where the disk is small; says what came of it.
const [path = '', dir = ''] = process.argv.slice(2)
const git = prepareGit({ dir: join(dirname(path), 'git-of-process'), path: process.env['PATH'] ?? '', allowHosts: [] })
const source = parseSource(path, { gitBaseUrl: 'https://github.com', localRepos: [dirname(path)] })
const target = await probeSource(git, source, {})
const outcome = await ensureCommit(git, { mirror: join(dir, 'org_1', 'repo_1.git'), source, target }).then(
  () => 'fetched',
  (error: unknown) => toTenonError(error).code,
)
process.stdout.write(`${outcome}\n`)
