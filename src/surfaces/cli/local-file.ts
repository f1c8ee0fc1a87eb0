import { CliError, type CliSettings } from './settings.ts'

/** A file of this machine, or the standard input for `-`. @throws CliError `usage` */
export async function readText(path: string, { input, readFile }: CliSettings): Promise<string> {
  if (path === '-') return input()
  return readFile(path).catch((cause: unknown) => Promise.reject(refused(path, reasonOf(cause, 'read'))))
}

/** A JSON object from a file. @throws CliError `usage` */
export async function readJson(path: string, settings: CliSettings): Promise<object> {
  const text = await readText(path, settings)
  const from = path === '-' ? 'the standard input' : path
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw refused(from, `is no JSON (${cause instanceof Error ? cause.message : String(cause)})`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(from, 'holds no JSON object')
  return value
}

/** @throws CliError `usage` */
export async function writeText(path: string, text: string, { writeFile }: CliSettings): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => Promise.reject(refused(path, reasonOf(cause, 'written'))))
}

function refused(path: string, reason: string): CliError {
  return new CliError('usage', { reason: `${path} ${reason}` })
}

function reasonOf(cause: unknown, what: 'read' | 'written'): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return what === 'read' ? 'does not exist' : 'is in a folder that does not exist'
  if (code === 'EISDIR') return 'is a folder'
  return `can not be ${what}${typeof code === 'string' ? ` (${code})` : ''}`
}
