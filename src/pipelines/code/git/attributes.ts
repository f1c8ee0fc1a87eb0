import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { failureOf } from './failure.ts'
import { runGit, type Git } from './git.ts'

/** What people do not write: generated, or copied from elsewhere. */
export type Mark = 'generated' | 'vendored'

const MARKS: Readonly<Record<string, Mark>> = { 'linguist-generated': 'generated', 'linguist-vendored': 'vendored' }
const TIMEOUT_MS = 60_000

/**
 * Which of the paths the `.gitattributes` of a commit mark, as git itself reads them: from an index that has nothing
 * else. A path that is both counts as generated.
 *
 * @throws TenonError `source_damaged`, `timeout`, `cancelled`.
 */
export async function marksOf(
  git: Git,
  {
    mirror,
    paths,
    attributes,
    signal,
  }: {
    mirror: string
    paths: readonly string[]
    /** The `.gitattributes` files of the commit. */
    attributes: readonly { readonly path: string; readonly sha: string }[]
    signal?: AbortSignal | undefined
  },
): Promise<ReadonlyMap<string, Mark>> {
  const index = join(mirror, `index-${randomBytes(8).toString('hex')}`)
  const run = {
    cwd: mirror,
    env: { GIT_INDEX_FILE: index },
    // Paths that another system could not hold do no harm here, where none is ever written.
    config: ['core.protectNTFS=false', 'core.protectHFS=false'],
    signal,
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: 1 << 30,
  }
  const ask = async (args: readonly string[], input: string): Promise<Buffer> => {
    const { code, stdout, stderr } = await runGit(git, args, { ...run, input })
    if (code !== 0) throw failureOf(stderr)
    return stdout
  }
  try {
    const entries = attributes.map(({ path, sha }) => `100644 ${sha}\t${path}\0`)
    await ask(['update-index', '-z', '--index-info'], entries.join(''))
    const args = ['check-attr', '--cached', '--stdin', '-z', ...Object.keys(MARKS)]
    return marksIn(await ask(args, paths.map((path) => `${path}\0`).join('')))
  } finally {
    await rm(index, { force: true })
    await rm(`${index}.lock`, { force: true })
  }
}

/** Path, attribute and value, each ended by NUL. */
function marksIn(output: Buffer): Map<string, Mark> {
  const marks = new Map<string, Mark>()
  const fields = output.toString('utf8').split('\0')
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const [path = '', name = '', value = ''] = fields.slice(i, i + 3)
    const mark = MARKS[name]
    if (mark !== undefined && (value === 'set' || value === 'true') && !marks.has(path)) marks.set(path, mark)
  }
  return marks
}
