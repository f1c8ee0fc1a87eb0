import { chown, open, rename, stat, type FileHandle } from 'node:fs/promises'

import type { RunAs } from './run-as.ts'

const MAX_BYTES = 4 * 1024 * 1024
const TAIL_BYTES = 16 * 1024

/** Opens the server's log for appending; one that has grown over 4 MiB becomes `server.log.1` first. */
export async function openLog(path: string, runAs: RunAs): Promise<FileHandle> {
  const size = await sizeOf(path)
  if (size > MAX_BYTES) await rename(path, `${path}.1`)
  const handle = await open(path, 'a', 0o600)
  if (runAs.kind === 'user') await chown(path, runAs.uid, runAs.gid)
  return handle
}

/** What was written from a position on, at most the last 16 KiB of it. */
export async function readLogFrom(path: string, position: number): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const from = Math.max(position, size - TAIL_BYTES)
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(Math.max(0, size - from)), position: from })
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    // A log that is not there yet is empty.
    () => 0,
  )
}
