import { z } from 'zod'
import { idSchema } from '../../contract/ids.ts'
import type { Job } from '../../platform/queue/index.ts'
import { removeMirror } from './git/mirror.ts'
import { mirrorOf, type CodeDeps } from './deps.ts'

export const PURGE = 'code.purge'

const payload = z.strictObject({ org: idSchema('org'), repository: idSchema('repo') })

/** Removes the files of a deleted repository, and looks that they are gone. What other nodes have kept of it goes with `sweepCaches`. */
export function purgeJob({ blobs, mirrors, reader }: CodeDeps): Job<z.output<typeof payload>> {
  return {
    name: PURGE,
    payload,
    run: async ({ org, repository }) => {
      await blobs.deletePrefix(`${org}/${repository}`)
      await removeMirror(mirrorOf(mirrors, org, repository))
      await reader.dropRepository(org, repository)
      if ((await blobs.list(`${org}/${repository}`)).length > 0)
        throw new Error('files of a deleted repository are left')
    },
  }
}
