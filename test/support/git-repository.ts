import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const CONFIG = [
  '-c',
  'user.name=Test',
  '-c',
  'user.email=test@example.org',
  '-c',
  'commit.gpgsign=false',
  '-c',
  'gc.auto=0',
]

export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', [...CONFIG, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
}

export function gitWithInput(folder: string, input: Buffer, ...args: string[]): string {
  return execFileSync('git', [...CONFIG, ...args], { cwd: folder, encoding: 'utf8', input })
}

/** Makes a git repository with these files in one commit; answers its path. */
export function makeRepository(folder: string, files: Readonly<Record<string, string | Buffer>>): string {
  mkdirSync(folder, { recursive: true })
  git(folder, 'init', '-q', '-b', 'main')
  commitFiles(folder, files, 'first')
  return folder
}

export function commitFiles(folder: string, files: Readonly<Record<string, string | Buffer>>, message: string): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  git(folder, 'add', '-A', '-f')
  git(folder, 'commit', '-q', '-m', message)
}
