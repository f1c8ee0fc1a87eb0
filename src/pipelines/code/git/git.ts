import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { tracedInside } from '../../../kernel/trace.ts'

/** How git is run on this node: nothing of the user's or the system's configuration is read. */
export interface Git {
  /** Value of PATH for git and its helpers. */
  readonly path: string
  /** Empty folder that stands for the home. */
  readonly home: string
  /** The only configuration file that git reads. */
  readonly configFile: string
  readonly allowHosts: readonly string[]
  readonly caFile: string | undefined
}

/** What a server wants before it shows a repository. It is never part of an address, an argument or a text. */
export interface Credential {
  readonly username: string
  readonly token: string
}

export interface GitRun {
  readonly cwd?: string
  /** Protocols that this call may use, as GIT_ALLOW_PROTOCOL has them; none when left out. */
  readonly protocol?: 'https' | 'file'
  readonly config?: readonly string[]
  /** Given to the credential helper that `config` names, by the environment of that git command and what it starts. */
  readonly credential?: Credential | undefined
  /** Of its own, beside that which every git here has. */
  readonly env?: Readonly<Record<string, string>>
  /** For stdin; several parts are read at git's pace. */
  readonly input?: string | Buffer | readonly string[] | Generator<string>
  /** Is given stdout as it comes, which is not kept then. What it throws ends git. */
  readonly take?: (part: Buffer) => void
  readonly signal?: AbortSignal | undefined
  /** Default 30,000 ms. */
  readonly timeoutMs?: number
  /** Of stdout; default 16 MiB, or no limit where it is taken as it comes. */
  readonly maxOutputBytes?: number
}

export interface GitResult {
  readonly code: number
  readonly stdout: Buffer
  /** First and last 4 KiB; never shown to a caller. */
  readonly stderr: string
}

/** git 2.37 is the first that can pin an address (http.curloptResolve). */
const MIN_VERSION = [2, 37] as const

const KEPT_STDERR = 4096

const SAFETY = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=false',
  'credential.helper=',
  'protocol.ext.allow=never',
  'http.followRedirects=false',
  'http.lowSpeedLimit=1000',
  'http.lowSpeedTime=30',
  'fetch.recurseSubmodules=false',
  'fetch.unpackLimit=1',
  'fetch.writeCommitGraph=false',
  'gc.auto=0',
  'maintenance.auto=false',
]

const CONFIG_FILE = '[safe]\n\tdirectory = *\n[uploadpack]\n\tallowFilter = true\n'

/**
 * `safe.directory` has to stand in a file: git drops `-c` settings for the upload-pack of a local repository, which
 * may belong to another user. Which folders are read is decided before, by `parseSource`. The history of a local
 * repository is asked for without contents (`allowFilter`).
 */
export function prepareGit(options: {
  dir: string
  path: string
  allowHosts: readonly string[]
  caFile?: string | undefined
}): Git {
  const home = join(options.dir, 'home')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const configFile = join(options.dir, 'gitconfig')
  // Other processes may have the same folder, and read it at this moment.
  const unfinished = `${configFile}.${randomBytes(8).toString('hex')}.unfinished`
  writeFileSync(unfinished, CONFIG_FILE, { mode: 0o600 })
  renameSync(unfinished, configFile)
  return { path: options.path, home, configFile, allowHosts: options.allowHosts, caFile: options.caFile }
}

/** @throws TenonError `git_missing` when there is no git, or one that is too old. Answers the version. */
export async function checkGit(git: Git): Promise<string> {
  const { stdout } = await runGit(git, ['--version'], { timeoutMs: 10_000 })
  const match = /(\d+)\.(\d+)\S*/.exec(stdout.toString())
  const [major, minor] = [Number(match?.[1]), Number(match?.[2])]
  if (!(major > MIN_VERSION[0] || (major === MIN_VERSION[0] && minor >= MIN_VERSION[1]))) {
    throw new TenonError('git_missing', { details: { found: match?.[0] ?? 'none', needed: MIN_VERSION.join('.') } })
  }
  return match?.[0] ?? ''
}

/**
 * Runs git to its end, in a process group of its own that is killed on abort, time limit or too much output. Answers
 * whatever exit code it had.
 *
 * @throws TenonError `git_missing`, `timeout`, `cancelled`, `repository_too_large` (output over the limit).
 */
export function runGit(git: Git, args: readonly string[], run: GitRun = {}): Promise<GitResult> {
  return tracedInside(spanName(args), GIT_SPAN, async (span) => {
    const result = await runToEnd(git, args, run)
    span.set({ 'process.exit.code': result.code })
    return result
  })
}

export const GIT_SPAN = { kind: 'client', attributes: { 'process.executable.name': 'git' } } as const

/** Of the arguments, the command alone is shown: others hold addresses and names. */
export function spanName([command = '']: readonly string[]): string {
  return `git ${command.replace(/^--/, '')}`
}

async function runToEnd(git: Git, args: readonly string[], run: GitRun): Promise<GitResult> {
  const child = spawnGit(git, args, run)
  const limit = run.maxOutputBytes ?? (run.take === undefined ? 16 << 20 : Infinity)
  const parts: Buffer[] = []
  const take = run.take ?? ((part: Buffer) => void parts.push(part))
  let size = 0
  const stderr = keptText(run.credential)
  let failure: { readonly error: unknown } | undefined
  const stop = (error: unknown): void => {
    failure ??= { error }
    killGroup(child)
  }
  child.stdout.on('data', (part: Buffer) => {
    if (failure !== undefined) return
    size += part.length
    if (size > limit) return stop(new TenonError('repository_too_large', { details: { limitBytes: limit } }))
    try {
      take(part)
    } catch (error) {
      stop(error)
    }
  })
  child.stderr.on('data', (part: Buffer) => stderr.add(part))
  const timer = setTimeout(() => stop(new TenonError('timeout')), run.timeoutMs ?? 30_000)
  const onAbort = (): void => stop(abortError(run.signal))
  run.signal?.addEventListener('abort', onAbort, { once: true })
  if (run.signal?.aborted === true) onAbort()
  try {
    child.stdin.on('error', () => {}) // git has ended, and says itself why
    give(child, run.input)
    const code = await exitOf(child)
    if (failure !== undefined) throw failure.error
    return { code, stdout: Buffer.concat(parts), stderr: stderr.text() }
  } finally {
    clearTimeout(timer)
    run.signal?.removeEventListener('abort', onAbort)
  }
}

function give(child: ChildProcessWithoutNullStreams, input: GitRun['input']): void {
  if (input === undefined || typeof input === 'string' || Buffer.isBuffer(input)) child.stdin.end(input)
  else Readable.from(input).pipe(child.stdin)
}

/**
 * The beginning and the end of a text, without the credential: a server may answer with what it was sent. That is taken
 * out before the text is cut, and so much is kept that no cut goes through one of which the rest has yet to come.
 */
export function keptText(credential: Credential | undefined) {
  const { username, token } = credential ?? { username: '', token: '' }
  const secrets = token === '' ? [] : [token, Buffer.from(`${username}:${token}`).toString('base64')]
  const longest = Math.max(0, ...secrets.map(({ length }) => length))
  const masked = (text: string): string => secrets.reduce((rest, one) => rest.replaceAll(one, '[redacted]'), text)
  const cut = (text: string, end: number): string =>
    text.length > KEPT_STDERR + end ? `${text.slice(0, KEPT_STDERR)}${text.slice(-end)}` : text
  let kept = ''
  return {
    add: (part: Buffer): void => {
      kept += part.toString('latin1')
      if (kept.length > 2 * (KEPT_STDERR + longest)) kept = cut(masked(kept), KEPT_STDERR + longest)
    },
    text: (): string => cut(masked(kept), KEPT_STDERR),
  }
}

export function spawnGit(git: Git, args: readonly string[], run: GitRun): ChildProcessWithoutNullStreams {
  const config = [
    ...SAFETY,
    ...(git.caFile === undefined ? [] : [`http.sslCAInfo=${git.caFile}`]),
    ...(run.config ?? []),
  ]
  return spawn('git', [...config.flatMap((setting) => ['-c', setting]), ...args], {
    cwd: run.cwd ?? git.home,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: git.path,
      HOME: git.home,
      XDG_CONFIG_HOME: git.home,
      GIT_CONFIG_GLOBAL: git.configFile,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_SYSTEM: '/dev/null',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: 'true',
      GIT_ALLOW_PROTOCOL: run.protocol ?? 'none',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_NO_LAZY_FETCH: '1',
      LC_ALL: 'C',
      ...(run.credential === undefined
        ? {}
        : { TENON_GIT_USERNAME: run.credential.username, TENON_GIT_TOKEN: run.credential.token }),
      ...run.env,
    },
  })
}

export function killGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group may have gone, or the child has none of its own.
    child.kill('SIGKILL')
  }
}

export function exitOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new TenonError('git_missing', { cause })))
    child.once('close', (code) => resolve(code ?? -1))
  })
}

export function abortError(signal: AbortSignal | undefined): TenonError {
  const { reason } = signal ?? {}
  if (reason instanceof TenonError) return reason
  return new TenonError(reason instanceof DOMException && reason.name === 'TimeoutError' ? 'timeout' : 'cancelled')
}
