import { isId, type OrgId } from '../../contract/ids.ts'
import { selectRepository } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { clearLeftovers, mirrorsOf, removeMirror, trimMirrors } from './git/mirror-cache.ts'

/**
 * Removes what this node keeps of repositories that were deleted, on whichever node that was, with what a purge that
 * failed has left of their index; and mirrors beyond their limit.
 */
export async function sweepCaches(deps: CodeDeps, signal: AbortSignal): Promise<void> {
  const { tenant, blobs, mirrors, log } = deps
  await clearLeftovers(mirrors)
  for (const { org, repository, remove } of await everythingKept(deps)) {
    if (signal.aborted) return
    // A repository has its row before anything of it is kept, so that without one it was deleted.
    const [present] = await tenant(org).read.run(selectRepository, { org, key: repository })
    if (present !== undefined) {
      await blobs.sweepUnfinished(`${org}/${repository}`)
      continue
    }
    for (const one of remove) await one()
    log.info({ org, repository }, 'what was kept of a deleted repository was removed')
  }
  await trimMirrors(mirrors, deps.maxMirrorBytes)
}

interface Kept {
  readonly org: OrgId
  readonly repository: string
  readonly remove: (() => Promise<void>)[]
}

async function everythingKept({ blobs, mirrors, reader }: CodeDeps): Promise<Iterable<Kept>> {
  const kept = new Map<string, Kept>()
  const add = (org: string, repository: string, remove: () => Promise<void>): void => {
    // What else stands there is not ours, such as the lost and found of a file system.
    if (!isId('org', org) || !isId('repo', repository)) return
    const key = `${org}/${repository}`
    const one = kept.get(key) ?? { org, repository, remove: [] }
    kept.set(key, one)
    one.remove.push(remove)
  }
  for (const { org, repository, path } of await mirrorsOf(mirrors)) add(org, repository, () => removeMirror(path))
  for (const { org, repository } of await reader.repositories())
    add(org, repository, () => reader.dropRepository(org, repository))
  for (const org of await blobs.list())
    for (const key of isId('org', org) ? await blobs.list(org) : [])
      add(org, key.slice(org.length + 1), () => blobs.deletePrefix(key))
  return kept.values()
}
