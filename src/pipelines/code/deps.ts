import { join } from 'node:path'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Blobs } from '../../platform/blobs/index.ts'
import type { Git } from './git/git.ts'
import type { IndexReader } from './search/index-reader.ts'
import type { SourceRules } from './source.ts'

export interface CodeDeps {
  /** For what a call reads before its transaction opens. */
  readonly tenant: TenantOf
  /** What tokens are sealed with; without it none are taken. */
  readonly masterKey: string | undefined
  readonly git: Git
  readonly rules: SourceRules
  readonly blobs: Blobs
  readonly reader: IndexReader
  /** Holds this node's mirrors; a cache. */
  readonly mirrors: string
  /** Of all mirrors of this node. */
  readonly maxMirrorBytes: number
  /** For files under work of this process; beside it are those of others. Named by an id of a worker. */
  readonly scratch: string
  readonly log: Log
}

export function mirrorOf(mirrors: string, org: string, repository: string): string {
  return join(mirrors, org, `${repository}.git`)
}
