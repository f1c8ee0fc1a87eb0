import {
  compareReleases,
  OWN_RELEASE,
  releaseOf,
  SERVER_HEADER,
  upgradeTo,
  type Release,
} from '../../contract/release.ts'

/** Remembers which release the server said that it is. */
export function rememberingRelease(from: { readonly fetch: typeof globalThis.fetch }): {
  readonly fetch: typeof globalThis.fetch
  readonly server: () => Release | null
} {
  let server: Release | null = null
  return {
    fetch: async (input, init) => {
      const response = await from.fetch(input, init)
      server = releaseOf(response.headers.get(SERVER_HEADER)) ?? server
      return response
    },
    server: () => server,
  }
}

/** What a person should know when command line and server are of two releases; null when they are of one. */
export function versionNote(server: Release | null, own: Release = OWN_RELEASE): string | null {
  if (server === null) return null
  const order = compareReleases(own, server)
  if (order === 0) return null
  return order < 0
    ? `This command line is ${own.version}, the server ${server.version}. Upgrade it: ${upgradeTo(server)}`
    : `This command line is ${own.version}, the server still ${server.version}: what is new may be missing there. Upgrade the server: ${upgradeTo(own)}`
}
