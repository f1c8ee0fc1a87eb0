import { realpathSync } from 'node:fs'
import { basename, isAbsolute, sep } from 'node:path'
import { TenonError } from '../../kernel/tenon-error.ts'
import { gitDirOf } from './git/local-repository.ts'

/** Where a repository is read from, in the one form in which two spellings of the same source compare equal. */
export type Source =
  | {
      readonly kind: 'remote'
      readonly url: string
      readonly host: string
      readonly port: number
      readonly defaultName: string
    }
  | {
      readonly kind: 'local'
      readonly url: string
      /** What git reads; in the allowed folders with all that belongs to it. */
      readonly gitDir: string
      readonly defaultName: string
    }

export interface SourceRules {
  /** What `owner/name` stands below, for instance `https://github.com`. */
  readonly gitBaseUrl: string
  /** Folders that local repositories may be read from. */
  readonly localRepos: readonly string[]
}

const MAX_LENGTH = 2048
const SHORTHAND = /^[A-Za-z0-9][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)+$/
const OPTION_OR_CONTROL = /^-|[\p{Cc} ]/u
const TRANSPORT_HELPER = /^[A-Za-z0-9+.-]+::/
const SCP_LIKE = /^[^/:]+@[^/:]+:/

/**
 * Reads an address that a user gave: `https://host/path`, `owner/name`, or an absolute local folder.
 *
 * @throws TenonError `source_invalid` for what is no such address, `source_forbidden` for a protocol or folder that is
 * not allowed, `source_not_a_repository` for another folder; one outside `localRepos` gives the same answer whether or
 * not it exists.
 */
export function parseSource(text: string, rules: SourceRules): Source {
  if (text.length === 0 || text.length > MAX_LENGTH) throw invalid('length')
  if (OPTION_OR_CONTROL.test(text)) throw invalid('characters')
  if (TRANSPORT_HELPER.test(text) || SCP_LIKE.test(text)) throw forbidden('protocol')
  if (isAbsolute(text)) return localSource(text, rules.localRepos)
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)) return remoteSource(text)
  if (SHORTHAND.test(text) && !hasDotSegment(text))
    return remoteSource(`${rules.gitBaseUrl.replace(/\/+$/, '')}/${text}`)
  throw invalid('form')
}

function remoteSource(text: string): Source {
  if (!/^https:\/\//i.test(text)) throw forbidden('protocol')
  const url = URL.parse(text)
  if (url === null || url.hostname === '') throw invalid('form')
  if (url.username !== '' || url.password !== '') throw invalid('credentials')
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) throw invalid('query')
  if (/[%\\]/.test(text) || hasDotSegment(text)) throw invalid('path')
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '')
  if (path === '') throw invalid('path')
  // With the dot at its end it would be another name for what is pinned to an address.
  const host = url.hostname.replace(/\.$/, '')
  if (host === '' || host.endsWith('.')) throw invalid('form')
  return {
    kind: 'remote',
    url: `https://${host}${url.port === '' ? '' : `:${url.port}`}${path}`,
    host,
    port: url.port === '' ? 443 : Number(url.port),
    defaultName: nameOf(path.split('/').slice(-2).join('/')),
  }
}

function localSource(text: string, localRepos: readonly string[]): Source {
  const path = real(text)
  const roots = localRepos.flatMap((root) => real(root) ?? [])
  const inside =
    path !== null && roots.some((root) => path === root || path.startsWith(root === sep ? sep : root + sep))
  if (!inside) throw forbidden('folder')
  return { kind: 'local', url: path, gitDir: gitDirOf(path, roots), defaultName: nameOf(basename(path)) }
}

function real(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    // A path that leads nowhere is inside no folder.
    return null
  }
}

function hasDotSegment(text: string): boolean {
  return text.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')
}

/** What remains of it that a repository's name may have; never like an id. */
function nameOf(text: string): string {
  const name = text
    .replaceAll(/[^A-Za-z0-9_./-]+/g, '-')
    .replace(/^[-/]+|\/+$/g, '')
    .slice(-100)
  return name === '' || name.startsWith('repo_') ? `source-${name}`.replace(/-$/, '') : name
}

function invalid(reason: string): TenonError {
  return new TenonError('source_invalid', { details: { reason } })
}

function forbidden(reason: string): TenonError {
  return new TenonError('source_forbidden', { details: { reason } })
}
