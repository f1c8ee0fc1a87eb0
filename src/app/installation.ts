import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import type { InstallationKind } from '../contract/release.ts'

/** Where this Tenon runs from: a checkout with its sources, or a package that npm installed, with what was built of them. */
export interface Installation {
  readonly root: string
  readonly installed: boolean
}

export function kindOf({ root, installed }: Installation): InstallationKind {
  if (!installed) return 'checkout'
  // npm puts a global package below a folder that is no package itself, and links its programs on the PATH.
  return existsSync(join(dirname(dirname(root)), 'package.json')) ? 'project' : 'global'
}

/** What a person types before the name of a command. */
export function commandOf(installation: Installation): string {
  return kindOf(installation) === 'global' ? 'tenon' : 'npx tenon'
}

export interface Home {
  readonly platform: NodeJS.Platform
  readonly HOME?: string | undefined
  readonly XDG_DATA_HOME?: string | undefined
  readonly LOCALAPPDATA?: string | undefined
}

/** The folder of a checkout is its own; a package is replaced by an upgrade, so that its data belongs to the user. */
export function defaultDataDir({ root, installed }: Installation, home: Home): string {
  if (!installed) return join(root, '.tenon')
  const own = home.HOME ?? homeOfUser()
  // A user without a home has to name a folder, which the start says when this one can not be written.
  if (own === null) return join(root, '.tenon')
  switch (home.platform) {
    case 'darwin':
      return join(own, 'Library', 'Application Support', 'tenon')
    case 'win32':
      return join(home.LOCALAPPDATA ?? join(own, 'AppData', 'Local'), 'tenon')
    default: {
      // The specification of XDG says to ignore a relative path.
      const named = home.XDG_DATA_HOME !== undefined && isAbsolute(home.XDG_DATA_HOME) ? home.XDG_DATA_HOME : null
      return join(named ?? join(own, '.local', 'share'), 'tenon')
    }
  }
}

function homeOfUser(): string | null {
  try {
    return homedir()
  } catch {
    // A user without an entry in the list of users has none.
    return null
  }
}
