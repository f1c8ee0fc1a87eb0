import { API_VERSION, VERSION } from './health.ts'

/** A release of a client or a server, as the two tell each other with each request and each answer. */
export interface Release {
  /** `major.minor.patch`, of a test release with a hyphen and its name. */
  readonly version: string
  /** Of the contract. */
  readonly api: number
}

export const OWN_RELEASE: Release = { version: VERSION, api: Number(API_VERSION) }
/** Clients of an older contract are refused. */
export const OLDEST_API = 1

/** Sent by the command line: `cli/1.2.3; api=1`. */
export const CLIENT_HEADER = 'x-tenon-client'
/** Sent with every answer: `1.2.3; api=1`. */
export const SERVER_HEADER = 'x-tenon-version'

/** How Tenon came onto a machine: as a clone, as a package for all of it, or as one of a project. */
export const INSTALLATIONS = ['checkout', 'global', 'project'] as const
export type InstallationKind = (typeof INSTALLATIONS)[number]

/** What brings each kind of installation to a release. The other side does not know which one it is. */
export function upgradesTo({ version }: Release): Readonly<Record<InstallationKind, string>> {
  return {
    checkout: 'git pull && npm ci',
    global: `npm install --global ./tenon-${version}.tgz`,
    project: `npm install ./tenon-${version}.tgz`,
  }
}

const HEADER = /^(?:[a-z][a-z0-9-]{0,31}\/)?(\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z.-]{1,64})?); ?api=(\d{1,6})$/

export function headerOf({ version, api }: Release): string {
  return `${version}; api=${api}`
}

/** Null for what is no such header. */
export function releaseOf(header: string | null | undefined): Release | null {
  const [, version, api] = HEADER.exec(header ?? '') ?? []
  return version === undefined ? null : { version, api: Number(api) }
}

/** Below 0 when the first is older; a test release comes before the release itself. */
export function compareReleases(a: Release, b: Release): number {
  if (a.api !== b.api) return a.api - b.api
  const [one, other] = [partsOf(a.version), partsOf(b.version)]
  const differing = one.numbers.findIndex((number, i) => number !== other.numbers[i])
  if (differing !== -1) return (one.numbers[differing] ?? 0) - (other.numbers[differing] ?? 0)
  if (one.test === other.test) return 0
  if (one.test === '' || other.test === '') return one.test === '' ? 1 : -1
  return one.test.localeCompare(other.test, 'en', { numeric: true })
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly test: string } {
  const [release = '', ...test] = version.split('-')
  return { numbers: release.split('.').map(Number), test: test.join('-') }
}
