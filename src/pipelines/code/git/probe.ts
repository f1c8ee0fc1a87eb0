import { TenonError } from '../../../kernel/tenon-error.ts'
import { resolvePublicAddress } from '../../../platform/http/addresses.ts'
import type { Source } from '../source.ts'
import { runGit, type Git, type GitRun } from './git.ts'

/** A ref of the source and the commit that it stands for now. */
export interface Target {
  /** Full name of a branch or tag; the commit itself when a commit was asked for. */
  readonly ref: string
  /** 40 hexadecimal digits. */
  readonly commit: string
}

const FULL_SHA = /^[0-9a-f]{40}$/

/**
 * Asks the source what a ref stands for: the given branch, tag, full name or commit, else the remote's default, main,
 * master. Takes at most 15 s.
 *
 * @throws TenonError `source_forbidden`, `source_unreachable`, `source_not_a_repository`, `repository_empty`,
 * `ref_not_found`, `timeout`, `cancelled`.
 */
export async function probeSource(
  git: Git,
  source: Source,
  options: { ref?: string | undefined; signal?: AbortSignal | undefined },
): Promise<Target> {
  const access = await accessTo(git, source)
  const result = await runGit(git, ['ls-remote', '--symref', '--', source.url], {
    ...access,
    signal: options.signal,
    timeoutMs: 15_000,
    maxOutputBytes: 32 << 20,
  })
  if (result.code !== 0) throw failureOf(result.stderr)
  return pickTarget(readRefs(result.stdout.toString()), options.ref)
}

/** Settings under which git may reach this source: its protocol alone, at the address that was checked. */
export async function accessTo(git: Git, source: Source): Promise<Pick<GitRun, 'protocol' | 'config'>> {
  if (source.kind === 'local') return { protocol: 'file' }
  const { address, family } = await resolvePublicAddress(source.host, { allowHosts: git.allowHosts, port: source.port })
  const pinned = `${source.host}:${source.port}:${family === 6 ? `[${address}]` : address}`
  return { protocol: 'https', config: [`http.curloptResolve=${pinned}`, 'http.proxy='] }
}

/** What git's own words mean; they are not shown. */
export function failureOf(stderr: string): TenonError {
  const cause = new Error(stderr)
  if (/redirect|returned error: 30\d/i.test(stderr))
    return new TenonError('source_forbidden', { details: { reason: 'redirect' }, cause })
  if (
    /could not resolve|failed to connect|couldn't connect|connection (refused|reset|timed out)|timed out|empty reply|SSL|certificate|TLS|operation too slow|returned error: (5\d\d|429)/i.test(
      stderr,
    )
  )
    return new TenonError('source_unreachable', { cause })
  if (/no space left/i.test(stderr)) return new TenonError('disk_full', { cause })
  return new TenonError('source_not_a_repository', { cause })
}

interface Refs {
  readonly head: string | undefined
  readonly commits: ReadonlyMap<string, string>
}

function readRefs(text: string): Refs {
  const commits = new Map<string, string>()
  let head: string | undefined
  for (const line of text.split('\n')) {
    const [value = '', name = ''] = line.split('\t')
    if (value.startsWith('ref: ') && name === 'HEAD') head = value.slice(5)
    else if (FULL_SHA.test(value)) commits.set(name, value)
  }
  return { head, commits }
}

function pickTarget({ head, commits }: Refs, ref: string | undefined): Target {
  const found = (name: string): Target[] => {
    const commit = commits.get(`${name}^{}`) ?? commits.get(name)
    return commit === undefined ? [] : [{ ref: name, commit }]
  }
  if (ref !== undefined && FULL_SHA.test(ref)) return { ref, commit: ref }
  if (commits.size === 0) throw new TenonError('repository_empty')
  const names =
    ref === undefined
      ? [head ?? '', 'refs/heads/main', 'refs/heads/master', 'HEAD']
      : [`refs/heads/${ref}`, `refs/tags/${ref}`, ref]
  const [target] = names.flatMap(found)
  if (target === undefined) throw new TenonError('ref_not_found')
  return target
}
