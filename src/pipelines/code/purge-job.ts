import { z } from 'zod'
import { idSchema } from '../../contract/ids.ts'
import type { Job } from '../../platform/queue/index.ts'
import { purgeMirror } from './git/mirror-cache.ts'
import { mirrorOf, type CodeDeps } from './deps.ts'

export const PURGE = 'code.purge'

const payload = z.strictObject({ org: idSchema('org'), repository: idSchema('repo') })

/**
 * Removes the files of a deleted repository, and looks in all three places that they are gone: if not, it is tried again.
 * What other nodes have kept of it goes with `sweepCaches`, and so does what is left after the last try.
 */
export function purgeJob({
  blobs,
  mirrors,
  reader,
}: Pick<CodeDeps, 'blobs' | 'mirrors' | 'reader'>): Job<z.output<typeof payload>> {
  return {
    name: PURGE,
    payload,
    run: async ({ org, repository }) => {
      await blobs.deletePrefix(`${org}/${repository}`)
      const isMirrorGone = await purgeMirror(mirrorOf(mirrors, org, repository))
      await reader.dropRepository(org, repository)
      const copies = await reader.repositories()
      const left = [
        ...((await blobs.isEmpty(`${org}/${repository}`)) ? [] : ['index']),
        ...(isMirrorGone ? [] : ['mirror']),
        ...(copies.some((one) => one.org === org && one.repository === repository) ? ['copies of the index'] : []),
      ]
      if (left.length > 0) throw new Error(`of a deleted repository are left: ${left.join(', ')}`)
    },
  }
}
