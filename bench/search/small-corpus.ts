import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Corpus } from './corpus.ts'
import { importTree } from './import-tree.ts'
import { moveInto } from './unpack.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
const PACKAGES = [
  '@modelcontextprotocol',
  '@types',
  'fast-check',
  'hono',
  'knip',
  'undici-types',
  'vite',
  'vitest',
  'zod',
]

/** One repository of this checkout's own dependencies, for when no corpus can be had. */
export function makeSmallCorpus(folder: string): Corpus {
  const copies = join(folder, 'copies')
  const present = PACKAGES.filter((name) => existsSync(join(MODULES, name)))
  mkdirSync(copies, { recursive: true })
  for (const name of present) cpSync(join(MODULES, name), join(copies, name), { recursive: true })
  const parts = present.flatMap((name) => moveInto(join(copies, name), name))
  const trees = join(folder, 'trees')
  const gitDir = join(folder, 'small.git')
  const files = parts.flatMap((part) => part.files)
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  const commit = importTree({ name: 'small', files, bytes }, gitDir, join(trees, 'small'))
  return {
    name: 'small',
    repositories: [{ name: 'small', gitDir, commit }],
    trees,
    files: files.length,
    bytes,
    fingerprint: commit.slice(0, 16),
  }
}
