import { z } from 'zod'
import { idSchema } from '../../../contract/ids.ts'
import type { RunCtx } from '../../engine/index.ts'
import { DIALECTS } from '../graph/facts.ts'

/** What the steps of indexing are given and hand on. */
export const input = z.strictObject({ repository: idSchema('repo'), source: z.string(), ref: z.string().nullable() })
export type Input = z.output<typeof input>
export type IndexCtx = RunCtx<Input>

export const chunk = z.strictObject({
  ref: z.string(),
  commit: z.string(),
  shas: z.array(z.string()),
  /** How blobs are parsed; none of what is left out. */
  dialects: z.record(z.string(), z.array(z.enum(DIALECTS))).default({}),
})
export type Chunk = z.output<typeof chunk>

const blob = z.strictObject({
  sha: z.string(),
  doc: z.int().nullable(),
  size: z.int(),
  lines: z.int(),
  skipped: z.string().nullable(),
})

/** Of one chunk: a shard, which has no file when no blob was read. */
export const shardResult = z.strictObject({
  ref: z.string(),
  commit: z.string(),
  id: z.string(),
  key: z.string(),
  size: z.int(),
  checksum: z.string(),
  blobs: z.array(blob),
})
export type ShardResult = z.output<typeof shardResult>
