import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Part } from './unpack.ts'

const WHO = 'bench <bench@example.org> 1700000000 +0000'

/**
 * Makes a bare repository with one commit of these files, always the same one for the same files, and moves the files
 * into a plain tree. Answers the commit.
 */
export function importTree({ files }: Part, gitDir: string, tree: string): string {
  mkdirSync(gitDir, { recursive: true })
  const git = (args: string[], input?: Buffer): string =>
    execFileSync('git', ['-c', 'fastimport.unpackLimit=0', ...args], {
      cwd: gitDir,
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 20,
    }).trim()
  git(['init', '-q', '--bare', '-b', 'main'])
  const stream: Buffer[] = []
  const marks = files.map(({ from }, i) => {
    const content = readFileSync(from)
    stream.push(Buffer.from(`blob\nmark :${i + 1}\ndata ${content.length}\n`), content, Buffer.from('\n'))
    return i + 1
  })
  stream.push(Buffer.from(`commit refs/heads/main\nauthor ${WHO}\ncommitter ${WHO}\ndata 5\nbench\n`))
  for (const mark of marks) stream.push(Buffer.from(`M 100644 :${mark} ${quoted(files[mark - 1]?.path ?? '')}\n`))
  stream.push(Buffer.from('\ndone\n'))
  git(['fast-import', '--quiet', '--done'], Buffer.concat(stream))
  for (const { path, from } of files) {
    const to = join(tree, path)
    mkdirSync(dirname(to), { recursive: true })
    move(from, to)
  }
  return git(['rev-parse', 'refs/heads/main'])
}

function quoted(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    copyFileSync(from, to)
  }
}
