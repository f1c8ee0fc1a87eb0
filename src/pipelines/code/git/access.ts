import { pathToFileURL } from 'node:url'
import { resolvePublicAddress, type LookupAll } from '../../../platform/http/addresses.ts'
import type { Source } from '../source.ts'
import type { Credential, Git, GitRun } from './git.ts'

/** How git may reach a source. */
export interface Access extends Pick<GitRun, 'protocol' | 'config' | 'credential'> {
  /** What git is given as the repository. */
  readonly address: string
}

/**
 * Settings under which git may reach this source: its protocol alone, at the address that was checked, without a proxy
 * or a redirect, with the credential for its host and port alone.
 *
 * @throws TenonError `source_forbidden` for a private address, `source_unreachable` for a name without one.
 */
export async function accessTo(
  git: Git,
  source: Source,
  credential?: Credential | null,
  lookup?: LookupAll,
): Promise<Access> {
  // As a URL: git takes no path for the name of a repository whose contents were left out.
  if (source.kind === 'local') return { protocol: 'file', address: pathToFileURL(source.gitDir).href }
  const { host, port, url } = source
  const options = { allowHosts: git.allowHosts, port, ...(lookup === undefined ? {} : { lookup }) }
  const { address, family } = await resolvePublicAddress(host, options)
  const pinned = `${host}:${port}:${family === 6 ? `[${address}]` : address}`
  return {
    protocol: 'https',
    address: url,
    config: [
      `http.curloptResolve=${pinned}`,
      'http.proxy=',
      ...(credential ? [`credential.${new URL(url).origin}.helper=${HELPER}`] : []),
    ],
    ...(credential ? { credential } : {}),
  }
}

/** A shell function that reads the environment of the git command that it is run by. */
const HELPER = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$TENON_GIT_USERNAME" "$TENON_GIT_TOKEN"; }; f`
