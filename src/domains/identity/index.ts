import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { createApiKeyVerb } from './create-api-key.ts'
import { getMeVerb } from './get-me.ts'
import { listApiKeysVerb } from './list-api-keys.ts'
import { onboardVerb } from './onboard-organization.ts'
import { revokeApiKeyVerb } from './revoke-api-key.ts'

export { createAuthenticator } from './authenticate.ts'

export function identityVerbs(db: Database): readonly BoundVerb[] {
  return [onboardVerb(db), getMeVerb, createApiKeyVerb, listApiKeysVerb, revokeApiKeyVerb]
}
