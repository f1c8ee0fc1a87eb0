import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../source.ts'
import { accessTo } from './access.ts'
import { ensureBare, fetchInto, isRefused } from './fetch.ts'
import { nulFields } from './nul-fields.ts'
import { runGit, type Credential, type Git } from './git.ts'
import { usingMirror } from './mirror-cache.ts'
import type { Target } from './probe.ts'

/** The last change of a file. */
export interface Change {
  readonly commit: string
  readonly at: Date
}

/** Commits that are looked at, along the first parents. */
const COMMITS = 50
const TIMEOUT_MS = 60_000
const MAX_BYTES = 512 << 20
/** With more packs than this it is fetched anew. */
const MAX_PACKS = 20
const REF = 'refs/tenon/head'
/** Of a date that people can read and the database can hold: up to the year 9999. */
const MAX_SECONDS = 253_402_300_799

/**
 * Which files the newest commits have changed, each with the newest of these; those that are left out are older. It is
 * best effort: empty when the source does not give its history within 60 s. A caller that aborts gets the same.
 *
 * The history stands in a repository of its own beside the mirror, because it is fetched without the contents of files:
 * in the mirror itself git would take every blob that is lost for one that was left out.
 */
export async function recentChanges(
  git: Git,
  request: {
    mirror: string
    source: Source
    target: Target
    credential?: Credential | null
    signal?: AbortSignal | undefined
    /** Told why there is no history. */
    failed?: (error: unknown) => void
  },
): Promise<ReadonlyMap<string, Change>> {
  const folder = join(request.mirror, 'history.git')
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit
  try {
    return await usingMirror(request.mirror, async () => {
      await fetchHistory(git, { ...request, folder, signal })
      return await readHistory(git, folder, request.target.commit, signal)
    })
  } catch (error) {
    request.failed?.(error)
    // What stays is overwritten or removed by the next fetch.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
    return new Map()
  }
}

async function fetchHistory(
  git: Git,
  request: Parameters<typeof recentChanges>[1] & { folder: string; signal: AbortSignal },
): Promise<void> {
  const { folder, source, target, credential, signal } = request
  const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 })
  // Before the first fetch there is no folder.
  const packs = await readdir(join(folder, 'objects', 'pack')).catch(() => [])
  if (packs.filter((name) => name.endsWith('.pack')).length > MAX_PACKS) await remove(folder)
  await ensureBare(git, folder, remove)
  const access = await accessTo(git, source, credential)
  // One more than are looked at: of the last one is only known what it has, not what it changed.
  const options = [`--depth=${COMMITS + 1}`, '--filter=blob:none']
  const limits = { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS }
  const fetchRef = (wanted: string): Promise<string | null> =>
    fetchInto(git, { folder, access, options, refspec: `+${wanted}:${REF}`, limits, signal })
  let failed = await fetchRef(target.commit)
  if (failed !== null && isRefused(failed) && target.ref !== target.commit) failed = await fetchRef(target.ref)
  if (failed !== null) throw new Error(failed)
}

async function readHistory(git: Git, folder: string, commit: string, signal: AbortSignal) {
  // A history that is whole has no such file.
  const shallow = await readFile(join(folder, 'shallow'), 'utf8').catch(() => '')
  const { changes, take } = changesReader(new Set(shallow.split('\n')))
  const args = ['log', '--raw', '-z', '--no-renames', '--no-abbrev', '--no-show-signature', '-m', '--first-parent']
  const { code, stderr } = await runGit(git, [...args, `-n${COMMITS}`, '--format=%x01%H %ct', commit, '--'], {
    cwd: folder,
    signal,
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: 128 << 20,
    take: nulFields(take),
  })
  if (code !== 0) throw new Error(stderr)
  return changes
}

/** `boundary` are commits whose parents were not fetched: they seem to have added every file. */
function changesReader(boundary: ReadonlySet<string>) {
  const changes = new Map<string, Change>()
  const unknown = new Set<string>()
  let change: Change | null = null
  let isPath = false
  const take = (field: Buffer): void => {
    if (isPath) {
      isPath = false
      const path = field.toString('utf8')
      if (changes.has(path) || unknown.has(path)) return
      // An older change is not its last.
      if (change === null) unknown.add(path)
      else changes.set(path, change)
      return
    }
    const text = field.toString('latin1').replace(/^\n/, '')
    if (text.startsWith('\x01')) change = changeOf(text.slice(1), boundary)
    else isPath = text.startsWith(':')
  }
  return { changes, take }
}

/** null when it is not known what it changed, or when. */
function changeOf(text: string, boundary: ReadonlySet<string>): Change | null {
  const [commit = '', seconds = ''] = text.split(/\s/)
  if (boundary.has(commit) || !/^\d{1,12}$/.test(seconds) || Number(seconds) > MAX_SECONDS) return null
  return { commit, at: new Date(Number(seconds) * 1000) }
}
