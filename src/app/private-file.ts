import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

/** A small JSON file in the data folder that only its user can read; written whole or not at all. */
export function writePrivateFile(path: string, value: unknown): void {
  const unfinished = `${path}.${process.pid}.unfinished`
  writeFileSync(unfinished, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(unfinished, path)
}

/** null when there is none, or it isn't what it should be. */
export function readPrivateFile<T>(path: string, schema: z.ZodType<T>): T | null {
  if (!existsSync(path)) return null
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    // Who needs the file tells one that is there and can not be read.
    return null
  }
}

/** `<data dir>/demo.json`: what the first start made, for the command line and for people. */
export const demoFile = z.object({
  url: z.string(),
  org: z.string(),
  apiKey: z.string(),
  rootKey: z.string(),
  /** Of the owner; a demo of before there were people has none. */
  email: z.string().optional(),
  password: z.string().optional(),
})
export const secretsFile = z.object({
  rootKey: z.string(),
  queueKey: z.string(),
  authSecret: z.string().min(32).optional(),
})
