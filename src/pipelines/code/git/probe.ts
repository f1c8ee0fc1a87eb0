import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Source } from '../source.ts'
import { accessTo } from './access.ts'
import { failureOf } from './failure.ts'
import { runGit, type Credential, type Git } from './git.ts'

/** A ref of the source and the commit that it stands for now. */
export interface Target {
  /** Full name of a branch or tag; the commit itself when a commit was asked for. */
  readonly ref: string
  /** 40 hexadecimal digits. */
  readonly commit: string
}

const SHA = /^[0-9a-f]{40}$/
const SHA256 = /^[0-9a-f]{64}$/

/**
 * Asks the source what a ref stands for: the given branch, tag, full name or commit, else the remote's default, main,
 * master. A short form of a commit is no ref. Takes at most 15 s.
 *
 * @throws TenonError `source_forbidden`, `source_denied`, `source_unreachable`, `source_not_a_repository`,
 * `source_damaged`, `repository_empty`, `ref_not_found`, `timeout`, `cancelled`.
 */
export async function probeSource(
  git: Git,
  source: Source,
  options: { ref?: string | undefined; credential?: Credential | null; signal?: AbortSignal | undefined },
): Promise<Target> {
  const { address, ...access } = await accessTo(git, source, options.credential)
  const result = await runGit(git, ['ls-remote', '--symref', '--', address], {
    ...access,
    signal: options.signal,
    timeoutMs: 15_000,
    maxOutputBytes: 256 << 20,
  })
  if (result.code !== 0) throw failureOf(result.stderr)
  return pickTarget(readRefs(result.stdout.toString()), options.ref)
}

interface Refs {
  readonly head: string | undefined
  /** By name; `name^{}` is what a tag stands for. */
  readonly commits: ReadonlyMap<string, string>
}

function readRefs(text: string): Refs {
  const commits = new Map<string, string>()
  let head: string | undefined
  for (const line of text.split('\n')) {
    const [value = '', name = ''] = line.split('\t')
    if (SHA256.test(value)) throw new TenonError('source_not_a_repository', { details: { reason: 'sha256' } })
    if (value.startsWith('ref: ') && name === 'HEAD') head = value.slice(5)
    else if (SHA.test(value)) commits.set(name, value)
  }
  return { head, commits }
}

function pickTarget({ head, commits }: Refs, ref: string | undefined): Target {
  const found = (name: string): Target[] => {
    const commit = name.endsWith('^{}') ? undefined : (commits.get(`${name}^{}`) ?? commits.get(name))
    return commit === undefined ? [] : [{ ref: name, commit }]
  }
  const asked = ref?.toLowerCase() ?? ''
  if (SHA.test(asked)) return { ref: asked, commit: asked }
  if (commits.size === 0) throw new TenonError('repository_empty')
  const names =
    ref === undefined
      ? // HEAD itself comes before main when it is no branch: that is what the source has checked out.
        [head ?? '', 'HEAD', 'refs/heads/main', 'refs/heads/master']
      : [`refs/heads/${ref}`, `refs/tags/${ref}`, ref]
  const [target] = names.flatMap(found)
  if (target === undefined) throw new TenonError('ref_not_found')
  return target
}
