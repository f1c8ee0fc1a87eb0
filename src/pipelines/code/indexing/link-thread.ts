import { parentPort } from 'node:worker_threads'
import type { KeptImport } from '../graph/fact-rows.ts'
import { createResolver } from '../graph/resolve/create-resolver.ts'
import type { LoadTexts } from '../graph/resolve/resolver.ts'
import { isTestConfig } from '../graph/test-setups.ts'
import { linkFiles, type Linked, type LinkedFile } from './link-files.ts'

/** What the thread that links the files of a commit is told, and what it answers. */
export type LinkRequest =
  | { readonly kind: 'open'; readonly paths: readonly string[] }
  | { readonly kind: 'texts'; readonly texts: ReadonlyMap<string, string> }
  | {
      readonly kind: 'add'
      /** `imports` as they are kept: JSON. */
      readonly blobs: readonly { readonly paths: readonly string[]; readonly imports: string }[]
    }
  | { readonly kind: 'finish' }

export type LinkAnswer =
  /** Texts of configuration files are needed. */
  | { readonly kind: 'load'; readonly paths: readonly string[] }
  | { readonly kind: 'ready' }
  /** Some of the files: whoever takes them does other things between. */
  | { readonly kind: 'files'; readonly files: readonly LinkedFile[] }
  | ({ readonly kind: 'finished' } & Omit<Linked, 'files'>)

/** Files of one message. */
const PAGE = 200
/** Configuration files of tests that are read. */
const MAX_SETUPS = 500

const port = parentPort
let linker: ReturnType<typeof linkFiles> | null = null
let loaded: ((texts: ReadonlyMap<string, string>) => void) | null = null

port?.on('message', (request: LinkRequest) => void take(request))

async function take(request: LinkRequest): Promise<void> {
  switch (request.kind) {
    case 'open':
      linker = await open(request.paths)
      return say({ kind: 'ready' })
    case 'texts':
      return loaded?.(request.texts)
    case 'add':
      for (const { paths, imports } of request.blobs) {
        const kept = JSON.parse(imports) as KeptImport[]
        for (const path of paths) linker?.add(path, kept)
      }
      return say({ kind: 'ready' })
    case 'finish':
      return finish()
  }
}

async function open(paths: readonly string[]): Promise<ReturnType<typeof linkFiles>> {
  const texts = new Map<string, string>()
  const load: LoadTexts = async (wanted) => {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, string>>()
    loaded = resolve
    say({ kind: 'load', paths: wanted })
    const found = await promise
    for (const [path, text] of found) texts.set(path, text)
    return found
  }
  const resolver = await createResolver({ files: paths, load })
  const setups = paths.filter((path) => isTestConfig(path) && !texts.has(path)).slice(0, MAX_SETUPS)
  if (setups.length > 0) await load(setups)
  return linkFiles(new Set(paths), resolver, texts)
}

function finish(): void {
  if (linker === null) throw new Error('nothing was opened')
  const { files, ...rest } = linker.finish()
  for (let at = 0; at < files.length; at += PAGE) say({ kind: 'files', files: files.slice(at, at + PAGE) })
  say({ kind: 'finished', ...rest })
}

function say(answer: LinkAnswer): void {
  port?.postMessage(answer)
}
