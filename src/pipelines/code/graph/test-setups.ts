import { baseOf, dirOf, joinPath } from './resolve/paths.ts'

/** What the configuration of a runner has run before tests. */
export interface TestSetups {
  /** Tests below one of these folders are meant. */
  readonly dirs: readonly string[]
  readonly files: readonly SetupFile[]
}

export interface SetupFile {
  readonly path: string
  /** As written. */
  readonly specifier: string
}

const CONFIG = /^(?:(?:vite|vitest|jest)[\w.-]*\.(?:[mc]?[jt]s|json)|package\.json)$/
const NO_CONFIG = /\.d\.[mc]?ts$|[._-](?:test|spec)\.[^.]+$/
const INSTALLED = /(?:^|\/)node_modules\//

/** Whether `setupsIn` wants the text of this file: configurations of vitest, vite and jest, and `package.json`. */
export function isTestConfig(path: string): boolean {
  const name = baseOf(path)
  return CONFIG.test(name) && !NO_CONFIG.test(name) && !INSTALLED.test(path)
}

const SETUPS = new Set([
  'setupFiles',
  'setupFilesAfterEnv',
  'setupTestFrameworkScriptFile',
  'globalSetup',
  'globalTeardown',
])
const ROOTS = new Set(['root', 'rootDir'])
/** Nobody writes longer ones. In UTF-16 units. */
const MAX_TEXT = 200_000
/** Strings of one text that are looked at. */
const MAX_STRINGS = 100
/** What may be left out of an import. */
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '/index.ts', '/index.js']

/** By a scan of the text for literals: what is computed is not found, and what is no file of the commit is left out. */
export function setupsIn(path: string, text: string, files: ReadonlySet<string>): TestSetups {
  const written = literalsIn(text)
  const dir = dirOf(path)
  const roots = written
    .filter(({ key }) => ROOTS.has(key))
    .map(({ value }) => joinPath(dir, value.replace(ROOT_DIR, './')))
  const dirs = [...new Set([dir, ...roots.filter((root) => root !== null)])]
  const found = new Map<string, SetupFile>()
  for (const { key, value } of written) {
    if (!SETUPS.has(key)) continue
    for (const base of dirs) {
      const stem = joinPath(base, value.replace(ROOT_DIR, './'))
      const ending = stem === null ? undefined : ENDINGS.find((one) => files.has(stem + one))
      if (ending !== undefined) found.set(`${stem}${ending}`, { path: `${stem}${ending}`, specifier: value })
    }
  }
  return { dirs, files: [...found.values()] }
}

/** `${__dirname}/`, in a template, is another way to say it. */
const ROOT_DIR = /^(?:<rootDir>|\$\{[\w.]+\})(?:\/|$)/
/** Closing quotes and the like are optional, so that no text is looked at twice. */
const TOKEN =
  /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*|'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?|`(?:[^`\\]|\\[^])*`?|[\w$]+|[[\](){},;:]/g

interface Literal {
  readonly key: string
  readonly value: string
}

/** Strings in what stands behind the keys that matter. */
function literalsIn(text: string): readonly Literal[] {
  const found: Literal[] = []
  let key: string | null = null
  let depth = 0
  let before = ''
  for (const [token] of text.slice(0, MAX_TEXT).matchAll(TOKEN)) {
    if (/^\/[/*]/.test(token)) continue
    if (key === null) {
      const name = unquoted(before)
      if (token === ':' && (SETUPS.has(name) || ROOTS.has(name))) [key, depth] = [name, 0]
    } else if (/^[[({]$/.test(token)) depth++
    else if (/^[\])}]$/.test(token)) depth--
    else if (/^['"`]/.test(token)) found.push({ key, value: unquoted(token) })
    if (depth < 0 || (depth === 0 && /^[,;]$/.test(token))) [key, depth] = [null, 0]
    if (found.length >= MAX_STRINGS) break
    before = token
  }
  return found
}

function unquoted(token: string): string {
  return /^['"`]/.test(token) ? token.replaceAll(/^.|['"`]$/g, '') : token
}
