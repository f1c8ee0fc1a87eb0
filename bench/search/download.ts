import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface Pinned {
  readonly name: string
  readonly version: string
}

const AT_ONCE = 6
const ATTEMPTS = 3
const TIMEOUT_MS = 180_000

/** Fetches the tarballs that the folder does not have, through npm and what it is configured with. */
export async function download(
  packages: readonly Pinned[],
  folder: string,
): Promise<{ readonly name: string; readonly file: string }[]> {
  mkdirSync(folder, { recursive: true })
  const queue = [...packages]
  const work = async (): Promise<void> => {
    try {
      for (let next = queue.shift(); next; next = queue.shift()) await fetchOne(next, folder)
    } finally {
      // When one can't be had, the others are of no use.
      queue.length = 0
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return packages.map((one) => ({ name: one.name, file: fileOf(one, folder) }))
}

async function fetchOne(one: Pinned, folder: string): Promise<void> {
  const file = fileOf(one, folder)
  for (let attempt = 1; !existsSync(file); attempt++) {
    const unfinished = mkdtempSync(join(folder, 'unfinished-'))
    try {
      const code = await pack(one, unfinished)
      const [tarball] = readdirSync(unfinished)
      if (code === 0 && tarball !== undefined) renameSync(join(unfinished, tarball), file)
      else if (attempt === ATTEMPTS) throw new Error(`npm pack ${one.name}@${one.version} ended with ${code}`)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  }
}

async function pack({ name, version }: Pinned, folder: string): Promise<number | null> {
  const windows = process.platform === 'win32'
  const child = spawn(
    windows ? 'npm.cmd' : 'npm',
    ['pack', `${name}@${version}`, '--silent', '--ignore-scripts', '--fetch-retries=0'],
    {
      cwd: folder,
      stdio: 'ignore',
      shell: windows,
      timeout: TIMEOUT_MS,
    },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

function fileOf({ name, version }: Pinned, folder: string): string {
  return join(folder, `${name.replace('@', '').replaceAll('/', '-')}-${version}.tgz`)
}
