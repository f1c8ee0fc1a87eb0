import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { fold } from './fold.ts'
import { FORMAT_VERSION, SCHEMA, type ShardBlob } from './format.ts'

/** The synchronous part of building a shard, in a thread of its own: one message per blob, then `end`. */
type Message = { sha: string; content: Uint8Array } | 'end'

const { file } = workerData as { file: string }
const database = new DatabaseSync(file)
database.exec('pragma journal_mode = off; pragma synchronous = off; pragma page_size = 8192')
database.exec(SCHEMA)
database.exec('begin')
const insertText = database.prepare('insert into text (id, sha, content) values (?, ?, ?)')
const insertTrigrams = database.prepare('insert into trigrams (rowid, folded) values (?, ?)')
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const blobs: ShardBlob[] = []

parentPort?.on('message', (message: Message) => {
  if (message === 'end') finish()
  else parentPort?.postMessage(add(message.sha, message.content))
})

function add(sha: string, content: Uint8Array): 'added' {
  const text = decode(content)
  const skipped = content.includes(0) ? 'binary' : text === null ? 'not_utf8' : null
  if (skipped === null && text !== null) {
    insertText.run(blobs.length, sha, content)
    insertTrigrams.run(blobs.length, fold(text))
  }
  blobs.push({ sha, sizeBytes: content.length, lines: text === null ? 0 : countLines(text), skipped })
  return 'added'
}

function finish(): void {
  const kept = blobs.filter(({ skipped }) => skipped === null)
  const sizeBytes = kept.reduce((sum, blob) => sum + blob.sizeBytes, 0)
  database.prepare('insert into header values (?, ?, ?)').run(FORMAT_VERSION, kept.length, sizeBytes)
  database.exec('commit')
  database.close()
  parentPort?.postMessage({ blobs })
  parentPort?.close()
}

function decode(content: Uint8Array): string | null {
  try {
    return utf8.decode(content)
  } catch {
    return null
  }
}

function countLines(text: string): number {
  let lines = text.length > 0 && !text.endsWith('\n') ? 1 : 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
