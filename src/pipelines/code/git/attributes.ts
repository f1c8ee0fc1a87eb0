import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { damaged, failureOf } from './failure.ts'
import { runGit, type Git, type GitRun } from './git.ts'
import { nulFields } from './nul-fields.ts'

/** What people do not write: generated, or copied from elsewhere. */
export type Mark = 'generated' | 'vendored'

/** The first that is set counts. */
const MARKS: readonly (readonly [attribute: string, mark: Mark])[] = [
  ['linguist-generated', 'generated'],
  ['linguist-vendored', 'vendored'],
]
const TIMEOUT_MS = 60_000
const PART_CHARS = 1 << 16
const ATTRIBUTES = /(?:^|\/)\.gitattributes$/

interface Entry {
  readonly path: string
  readonly sha: string
}

/**
 * Which of the files the `.gitattributes` among them mark, as git itself reads them: from an index that has nothing
 * else. A file that is both counts as generated.
 *
 * @throws TenonError `source_damaged`, `timeout`, `cancelled`.
 */
export async function marksOf<File extends Entry>(
  git: Git,
  {
    mirror,
    files,
    signal,
  }: {
    mirror: string
    /** In git's order. */
    files: readonly File[]
    signal?: AbortSignal | undefined
  },
): Promise<ReadonlyMap<File, Mark>> {
  const attributes = files.filter(({ path }) => ATTRIBUTES.test(path))
  if (attributes.length === 0) return new Map()
  const index = join(mirror, `index-${randomBytes(8).toString('hex')}`)
  const ask = async (args: readonly string[], run: Pick<GitRun, 'input' | 'take'>): Promise<void> => {
    const { code, stderr } = await runGit(git, args, {
      cwd: mirror,
      env: { GIT_INDEX_FILE: index, GIT_FLUSH: '0' },
      // Paths that another system could not hold do no harm here, where none is ever written.
      config: ['core.protectNTFS=false', 'core.protectHFS=false'],
      signal,
      timeoutMs: TIMEOUT_MS,
      ...run,
    })
    if (code !== 0) throw failureOf(stderr)
  }
  try {
    const entries = inParts(attributes, ({ path, sha }) => `100644 ${sha}\t${path}\0`)
    await ask(['update-index', '-z', '--index-info'], { input: entries })
    const asked = filesBelow(foldersOf(attributes), files)
    const answers = answerReader(asked)
    const args = ['check-attr', '--cached', '--stdin', '-z', ...MARKS.map(([attribute]) => attribute)]
    await ask(args, { input: inParts(asked, ({ path }) => `${path}\0`), take: nulFields(answers.take) })
    if (!answers.areAll()) throw damaged(new Error('git did not tell the attributes of every file'))
    return answers.marks
  } finally {
    await rm(index, { force: true })
    await rm(`${index}.lock`, { force: true })
  }
}

/** The folders of these files, each with its slash, without those that stand in another of them. */
function foldersOf(attributes: readonly Entry[]): string[] {
  const folders: string[] = []
  for (const { path } of attributes) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    // In git's order all of a folder stands together, but its own file may come after those of folders in it.
    while (folders.at(-1)?.startsWith(folder) === true) folders.pop()
    const last = folders.at(-1)
    if (last === undefined || !folder.startsWith(last)) folders.push(folder)
  }
  return folders
}

/** One walk along both, which have the same order. */
function filesBelow<File extends Entry>(folders: readonly string[], files: readonly File[]): File[] {
  const found: File[] = []
  let current = 0
  let isIn = false
  for (const file of files) {
    const below = (n: number): boolean => file.path.startsWith(folders[n] ?? '\0')
    if (isIn && !below(current)) current++
    isIn = below(current)
    if (isIn) found.push(file)
  }
  return found
}

function* inParts<T>(items: readonly T[], textOf: (item: T) => string): Generator<string> {
  let part = ''
  for (const item of items) {
    part += textOf(item)
    if (part.length < PART_CHARS) continue
    yield part
    part = ''
  }
  yield part
}

/** For each file in turn and each attribute: path, attribute and value. */
function answerReader<File>(asked: readonly File[]) {
  const marks = new Map<File, Mark>()
  let fields = 0
  const take = (field: Buffer): void => {
    const answer = Math.floor(fields / 3)
    if (fields++ % 3 !== 2) return
    const file = asked[Math.floor(answer / MARKS.length)]
    const [, mark] = MARKS[answer % MARKS.length] ?? []
    const value = field.toString('latin1')
    if (file === undefined || mark === undefined || (value !== 'set' && value !== 'true')) return
    if (!marks.has(file)) marks.set(file, mark)
  }
  return { marks, take, areAll: () => fields === asked.length * MARKS.length * 3 }
}
