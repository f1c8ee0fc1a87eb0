import { join } from 'node:path'
import { commitFiles, makeRepository } from './git-repository.ts'
import { graphRowsOf, type GraphRows } from './graph-rows.ts'
import { indexed, reindexed } from './indexing.ts'
import type { TestNode, TestOrg } from './node.ts'

type Files = Readonly<Record<string, string | Buffer>>

/** A repository that is indexed commit by commit. */
export interface LiveRepository {
  /** Of the git repository. */
  readonly source: string
  readonly id: string
  readonly name: string
  index(): Promise<void>
  /** With what else has been changed, and indexes it. */
  commit(changed: Files): Promise<void>
  rows(): Promise<GraphRows>
  /** Of the same commit, indexed as if for the first time. */
  fresh(): Promise<GraphRows>
  /** Where the imports of a file lead, or why nowhere. */
  edges(path: string): Promise<(string | null)[]>
}

let made = 0

export async function liveRepository(
  { node, org, folder }: { node: TestNode; org: TestOrg; folder: string },
  files: Files,
): Promise<LiveRepository> {
  const name = `live-${made++}`
  const source = makeRepository(join(folder, name), files)
  const id = await indexed(org, source)
  const index = async (): Promise<void> => {
    const { status, error } = await reindexed(org, id)
    if (status !== 'succeeded') throw new Error(JSON.stringify(error))
  }
  const rows = (): Promise<GraphRows> => graphRowsOf(node.database, id)
  return {
    source,
    id,
    name,
    index,
    commit: async (changed) => {
      commitFiles(source, changed, 'changed')
      await index()
    },
    rows,
    fresh: async () => graphRowsOf(node.database, await indexed(org, source, { name: `fresh-${made++}` })),
    edges: async (path) => {
      const edges = (await rows()).edges as { src: string; dst: string | null; reason: string | null }[]
      return edges.filter(({ src }) => src === path).map(({ dst, reason }) => dst ?? reason)
    },
  }
}
