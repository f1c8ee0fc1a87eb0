import { headerOf, OLDEST_API, OWN_RELEASE, releaseOf, upgradesTo, type Release } from '../../contract/release.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

/** What a server speaks, and the oldest contract that it still understands. */
export interface Spoken {
  readonly own: Release
  readonly oldestApi: number
}
const SPOKEN: Spoken = { own: OWN_RELEASE, oldestApi: OLDEST_API }

/** RFC 9110 has a 426 name what would be spoken, and the option of the connection belongs to it. */
export const UPGRADE_HEADERS: Readonly<Record<string, string>> = {
  upgrade: `tenon/${OWN_RELEASE.api}`,
  connection: 'upgrade',
}

/**
 * Why this client can not be served; null when it can, or does not say what it is.
 *
 * @param header Value of `X-Tenon-Client`.
 */
export function outdatedClient(header: string | undefined, { own, oldestApi }: Spoken = SPOKEN): TenonError | null {
  if (header === undefined) return null
  const client = releaseOf(header)
  if (client === null || client.api >= oldestApi) return null
  return new TenonError('client_outdated', {
    details: { client: headerOf(client), server: headerOf(own), oldestApi, upgrade: { ...upgradesTo(own) } },
  })
}
