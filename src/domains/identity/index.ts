import type { BoundVerb } from '../../kernel/verb.ts'
import { createAuthenticator, type Authenticator, type AuthenticatorOptions } from './authenticate.ts'
import { createApiKeyVerb } from './create-api-key.ts'
import { getMeVerb } from './get-me.ts'
import { listApiKeysVerb } from './list-api-keys.ts'
import { onboardVerb, organizationStep, sweepOnboardings, type OnboardingStep } from './onboarding/index.ts'
import { revokeApiKeyVerb } from './revoke-api-key.ts'
import { revokeSelfVerb } from './revoke-self.ts'
import { rotateApiKeyVerb } from './rotate-api-key.ts'

export { findOrg } from './find-org.ts'
export type { OAuthOptions } from './authenticate.ts'
export type { OnboardingStep } from './onboarding/index.ts'
export { orgIds } from './org-ids.ts'

export interface Identity extends Pick<Authenticator, 'authenticate' | 'start' | 'stop'> {
  readonly verbs: readonly BoundVerb[]
  /** Undoes onboardings that were left half done. */
  sweep(): Promise<void>
}

export interface IdentityOptions extends AuthenticatorOptions {
  /** What else belongs to an organisation, made after it and undone before it. */
  readonly onboarding?: readonly OnboardingStep[]
}

export function createIdentity(options: IdentityOptions): Identity {
  const { db, rootKey, log, onboarding = [] } = options
  const steps = [organizationStep(db), ...onboarding]
  const { authenticate, forget, start, stop } = createAuthenticator(options)
  return {
    authenticate,
    start,
    stop,
    verbs: [
      onboardVerb({ db, rootKey, steps }),
      getMeVerb,
      createApiKeyVerb,
      listApiKeysVerb,
      rotateApiKeyVerb,
      revokeApiKeyVerb(forget),
      revokeSelfVerb(forget),
    ],
    sweep: () => sweepOnboardings(db, steps, log),
  }
}
