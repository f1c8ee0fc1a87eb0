import {
  compareReleases,
  OWN_RELEASE,
  releaseOf,
  SERVER_HEADER,
  upgradesTo,
  type InstallationKind,
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

export interface NoteOptions {
  readonly server: Release | null
  readonly own?: Release
  readonly installation?: InstallationKind | undefined
}

/** What a person should know when command line and server are of two releases, as lines; none when they are of one. */
export function versionNote({ server, own = OWN_RELEASE, installation = 'global' }: NoteOptions): readonly string[] {
  const order = server === null ? 0 : compareReleases(own, server)
  if (server === null || order === 0) return []
  return order < 0
    ? [
        `This command line is ${own.version}, the server ${server.version}. Upgrade this one:`,
        `  ${upgradesTo(server)[installation]}`,
      ]
    : [`This command line is ${own.version}, the server still ${server.version}: upgrade it for what is new.`]
}
