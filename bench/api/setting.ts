import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer, type Server } from './server.ts'

/** Where a measurement takes place. */
export interface Setting {
  readonly folder: string
  readonly databaseUrl: string
  readonly postgresPid: number
  readonly signal: AbortSignal
}

export const ROOT_KEY = randomBytes(24).toString('hex')

const TENON = fileURLToPath(new URL('../../bin/tenon.js', import.meta.url))
const REFERENCE = fileURLToPath(new URL('reference-server.ts', import.meta.url))

export function startTenon(setting: Setting, name: string, nodeArgs: readonly string[] = []): Promise<Server> {
  const { folder, databaseUrl, signal } = setting
  return startServer({
    name,
    folder,
    signal,
    args: [...nodeArgs, TENON, 'serve'],
    env: (port) => ({
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'info',
      TENON_DATA_DIR: join(folder, name),
      TENON_PORT: String(port),
      TENON_AUTH_SECRET: `${ROOT_KEY}-of-people-0123456789abcdef`,
      TENON_QUEUE_KEY: ROOT_KEY,
      TENON_ROOT_KEY: ROOT_KEY,
    }),
  })
}

export function startReference(setting: Setting, name: string, nodeArgs: readonly string[] = []): Promise<Server> {
  const { folder, databaseUrl, signal } = setting
  return startServer({
    name,
    folder,
    signal,
    args: [...nodeArgs, REFERENCE],
    env: (port) => ({ DATABASE_URL: databaseUrl, PORT: String(port) }),
  })
}
