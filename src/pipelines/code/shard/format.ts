/**
 * A shard is one SQLite file: `text` has the blobs, `trigrams` is a contentless full-text index of the folded text that
 * only says which blobs may hold a text; every candidate is verified on the blob itself.
 */
export const FORMAT_VERSION = 1

export const SCHEMA = `
  create table header (version integer not null, blobs integer not null, size_bytes integer not null);
  create table text (id integer primary key, sha text not null unique, content blob not null);
  create virtual table trigrams using fts5(folded, content='', detail=none, tokenize='trigram case_sensitive 1');
`

/** What became of a blob that a shard was asked to hold. */
export interface ShardBlob {
  readonly sha: string
  readonly sizeBytes: number
  readonly lines: number
  /** Why it isn't searchable; null when it is. */
  readonly skipped: 'binary' | 'not_utf8' | null
}
export interface BuiltShard {
  readonly blobs: readonly ShardBlob[]
  /** Of the file. */
  readonly sizeBytes: number
}
