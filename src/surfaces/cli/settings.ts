import type { ErrorCode, ErrorDetails } from '../../contract/errors.ts'
import type { InstallationKind } from '../../contract/release.ts'

/** What the command line needs from its surroundings; nothing else is read. */
export interface CliSettings {
  /** Where the server is, unless the command line says otherwise. */
  readonly url: string
  /** From the environment. */
  readonly apiKey: string | undefined
  readonly org: string | undefined
  /** The operator's, from the environment. */
  readonly rootKey?: string | undefined
  /** What the first start made on this machine; null when it did not. */
  readonly demo?: Demo | null
  /** Why the settings could not be read; thrown by the commands that need them. */
  readonly invalid?: unknown
  /** How the command line was installed, which decides how it is upgraded; a global package when left out. */
  readonly installation?: InstallationKind
  readonly fetch: typeof globalThis.fetch
  /** Sent with every request, for instance which trace it belongs to. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** Told the words of the command, such as `repos add`, before it runs. */
  readonly begun?: (words: string) => void
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** stdout is a terminal. */
  readonly isTerminal: boolean
  /** Show where an error that nobody expected comes from. */
  readonly debug?: boolean
  readonly colors: boolean
  /** Of the standard error; as `colors` when left out. */
  readonly errColors?: boolean
  /** Columns of the terminal. */
  readonly width: number
  /**
   * Columns of the terminal that the standard error is, whose last line can be rewritten; null where none can be. As
   * `isTerminal` and `width` say when left out.
   */
  readonly liveWidth?: number | null
  /** What the environment can say, for the help. */
  readonly variables?: readonly Variable[]
  /** Asks on the terminal; only called when `isTerminal`. */
  readonly confirm: (question: string) => Promise<boolean>
  /** The standard input to its end. */
  readonly input: () => Promise<string>
  /** Text of a file; where it stands is seen from the current folder. @throws what the system says */
  readonly readFile: (path: string) => Promise<string>
  readonly writeFile: (path: string, text: string) => Promise<void>
  /** Runs git in the current folder to its end. @throws `git_missing`, `timeout` */
  readonly git: (args: readonly string[]) => Promise<GitAnswer>
}
export interface Demo {
  readonly url: string
  readonly apiKey: string
  readonly org: string
  readonly rootKey?: string
}
/** One that Tenon reads from the environment. */
export interface Variable {
  readonly name: string
  readonly description: string
  readonly byDefault?: string | undefined
}
export interface GitAnswer {
  readonly code: number
  readonly out: string
  readonly err: string
}

export function errColorsOf({ errColors, colors }: CliSettings): boolean {
  return errColors ?? colors
}

export function liveWidthOf({ liveWidth, isTerminal, width }: CliSettings): number | null {
  return liveWidth === undefined ? (isTerminal ? width : null) : liveWidth
}

/** What was given on the command line itself. */
export interface Given {
  readonly url?: string | undefined
  readonly apiKey?: string | undefined
  readonly org?: string | undefined
}
export interface Access {
  readonly url: string
  readonly apiKey: string
  /** Undefined stands for the key's own. */
  readonly org: string | undefined
}

export interface RootAccess {
  readonly url: string
  readonly rootKey: string
  /** Undefined stands for none: the operator has none of their own. */
  readonly org: string | undefined
}

/** Where the server is, checked by nobody yet. */
export function urlOf(settings: CliSettings, given: Given): string {
  return (given.url ?? settings.url).replace(/\/+$/, '')
}

/**
 * The demo's key goes to the demo's own server alone, and its organisation only with its key.
 *
 * @throws CliError `not_configured`, `usage`
 */
export function accessOf(settings: CliSettings, given: Given): Access {
  const { url, demo } = placeOf(settings, given)
  const own = given.apiKey ?? settings.apiKey
  const org = given.org ?? settings.org
  if (own !== undefined) return { url, apiKey: own, org }
  if (demo === null) throw new CliError('not_configured')
  return { url, apiKey: demo.apiKey, org: org ?? demo.org }
}

/**
 * As `accessOf`, for what only the operator may call.
 *
 * @throws CliError `root_key_missing`, `usage`
 */
export function rootAccessOf(settings: CliSettings, given: Given): RootAccess {
  const { url, demo } = placeOf(settings, given)
  const org = given.org ?? settings.org
  if (settings.rootKey !== undefined) return { url, rootKey: settings.rootKey, org }
  if (demo?.rootKey === undefined) throw new CliError('root_key_missing')
  return { url, rootKey: demo.rootKey, org: org ?? demo.org }
}

/** Where calls go; the demo only when it is there. */
function placeOf(settings: CliSettings, given: Given): { url: string; demo: Demo | null } {
  if (settings.invalid !== undefined) throw settings.invalid as Error
  const { demo } = settings
  const url = urlOf(settings, given)
  const { protocol, origin } = URL.parse(url) ?? {}
  if (!/^https?:$/.test(protocol ?? ''))
    throw new CliError('usage', {
      issues: [{ path: '--url', message: 'An address that begins with http:// or https://' }],
    })
  return { url, demo: demo && origin === URL.parse(demo.url)?.origin ? demo : null }
}

/** A failure of the command itself. */
export class CliError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, details?: ErrorDetails) {
    super(code)
    this.code = code
    this.details = details
  }
}
