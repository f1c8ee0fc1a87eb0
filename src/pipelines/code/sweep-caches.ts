import { isId } from '../../contract/ids.ts'
import { selectRepository } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { clearLeftovers, mirrorsOf, removeMirror, trimMirrors } from './git/mirror-cache.ts'

/**
 * Removes what this node keeps of repositories that were deleted, on whichever node that was, and mirrors beyond their
 * limit.
 */
export async function sweepCaches({ tenant, mirrors, reader, log }: CodeDeps, signal: AbortSignal): Promise<void> {
  await clearLeftovers(mirrors)
  const kept = [
    ...(await mirrorsOf(mirrors)).map(({ org, repository, path }) => ({
      org,
      repository,
      remove: () => removeMirror(path),
    })),
    ...(await reader.repositories()).map(({ org, repository }) => ({
      org,
      repository,
      remove: () => reader.dropRepository(org, repository),
    })),
  ]
  for (const { org, repository, remove } of kept) {
    if (signal.aborted) return
    // What else stands there is not ours, such as the lost and found of a file system.
    if (!isId('org', org)) continue
    const [present] = await tenant(org).read.run(selectRepository, { org, key: repository })
    if (present !== undefined) continue
    await remove()
    log.info({ org, repository }, 'what was kept of a deleted repository was removed')
  }
  await trimMirrors(mirrors)
}
