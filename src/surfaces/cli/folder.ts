import type { Client } from '../../contract/client.ts'
import { listRepositories, type Repository } from '../../contract/code.ts'
import type { Context } from './context.ts'
import { CliError, type CliSettings } from './settings.ts'
import { plain } from './text.ts'

/** Beside the description of an option. */
export const OF_FOLDER = '; that of the current folder when left out'

/** The git repository that the current folder is in. */
export interface Folder {
  readonly top: string
}

/** Of those that are indexed; the others are not looked through. */
const MAX_PAGES = 50
const MAX_NAMED = 20

/** Null outside of a git repository. @throws `git_missing` */
export async function folderOf({ git }: CliSettings): Promise<Folder | null> {
  const { code, out } = await git(['rev-parse', '--show-toplevel'])
  const top = out.trim()
  return code === 0 && top !== '' ? { top } : null
}

/**
 * The indexed repository that the current folder is: the one that is read from this folder, else one that is read from
 * where the folder was cloned from, else one of its name.
 *
 * @throws CliError `usage` when there is none, or more than one
 */
export async function repositoryHere(client: Client, { settings }: Pick<Context, 'settings'>): Promise<string> {
  const folder = await folderOf(settings)
  if (folder === null) throw missing('This folder is in no git repository: name the repository')
  const repositories = await allRepositories(client)
  const remotes = new Set((await remotesOf(folder, settings)).map(placeOf))
  const name = folder.top.split(/[/\\]/).at(-1)
  const found =
    [
      repositories.filter(({ source }) => placeOf(source) === placeOf(folder.top)),
      repositories.filter(({ source }) => remotes.has(placeOf(source))),
      repositories.filter((one) => one.name === name),
    ].find(({ length }) => length > 0) ?? []
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only.name
  const candidates = (only === undefined ? repositories : found).map((one) => plain(one.name))
  if (candidates.length === 0) throw missing('No repository is indexed yet: tenon repos add owner/name')
  const what = only === undefined ? 'No indexed repository is that of this folder' : 'This folder is that of several'
  const more = candidates.length > MAX_NAMED ? ` and ${candidates.length - MAX_NAMED} more` : ''
  throw missing(`${what}: name one of ${candidates.slice(0, MAX_NAMED).join(', ')}${more}`)
}

async function remotesOf({ top }: Folder, { git }: CliSettings): Promise<string[]> {
  const { out } = await git(['-C', top, 'remote', '-v'])
  return out.split('\n').flatMap((line) => /^\S+\t(.+) \((?:fetch|push)\)$/.exec(line)?.[1] ?? [])
}

async function allRepositories(client: Client): Promise<Repository[]> {
  const all: Repository[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { data, meta } = await client.call(listRepositories, { limit: 200, cursor })
    all.push(...data)
    cursor = meta?.pagination.nextCursor ?? undefined
    if (cursor === undefined) break
  }
  return all
}

/** Host and path, in which the ways to write one address are alike. */
export function placeOf(address: string): string {
  const scp = /^(?:[\w.-]+@)?([\w.-]+\.[\w.-]+|localhost):(?!\/\/)(.+)$/.exec(address)
  const url = scp === null && /^[a-z][a-z+]*:\/\//i.test(address) ? URL.parse(address) : null
  const short = /^[\w.-]+\/[\w.-]+$/.test(address)
  const place =
    scp !== null
      ? `${scp[1]}/${scp[2]}`
      : url !== null
        ? `${url.hostname}${decoded(url.pathname)}`
        : short
          ? `github.com/${address}`
          : address
  return place
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replaceAll(/\/{2,}/g, '/')
    .toLowerCase()
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // A percent sign that encodes nothing is meant as it is.
    return path
  }
}

function missing(message: string): CliError {
  return new CliError('usage', { issues: [{ path: '--repository', message }] })
}
