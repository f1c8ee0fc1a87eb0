import type { BoundVerb } from '../../kernel/verb.ts'
import { createAuthenticator, type Authenticator, type AuthenticatorOptions } from './authenticate.ts'
import { createApiKeyVerb } from './create-api-key.ts'
import { getMeVerb, type MeSources } from './get-me.ts'
import type { HoldMember } from './hold-maker.ts'
import { listApiKeysVerb } from './list-api-keys.ts'
import { sweepClosings, type ClosingStep } from './closing/index.ts'
import { deleteOrganizationVerb } from './delete-organization.ts'
import type { Leftovers } from './leftovers.ts'
import {
  createOrganizationVerb,
  onboardVerb,
  organizationStep,
  sweepOnboardings,
  type OnboardingStep,
} from './onboarding/index.ts'
import { revokeApiKeyVerb } from './revoke-api-key.ts'
import { revokeSelfVerb } from './revoke-self.ts'
import { rotateApiKeyVerb } from './rotate-api-key.ts'
import { updateOrganizationVerb } from './update-organization.ts'

export { findOrg, orgRefOf } from './find-org.ts'
export { findOrganizations } from './find-organizations.ts'
export type { MeSources } from './get-me.ts'
export { OPEN_ORG, type OpenOrgRow } from './identity.sql.ts'
export type { OAuthOptions, PersonCredential } from './authenticate.ts'
export type { ClosingStep } from './closing/index.ts'
export type { Leftover, Leftovers, Unfinished } from './leftovers.ts'
export type { Hold, NewOrganization, OnboardingStep } from './onboarding/index.ts'
export { stuckOnboardings, type StuckOnboardings } from './onboarding/index.ts'
export { orgIds } from './org-ids.ts'

export interface Identity extends Pick<Authenticator, 'authenticate' | 'start' | 'stop'> {
  readonly verbs: readonly BoundVerb[]
  /** Undoes onboardings that were left half done, and goes on with the closing of organisations. */
  sweep(): Promise<void>
}

export interface IdentityOptions extends AuthenticatorOptions {
  /** What else belongs to an organisation, made after it and undone before it. */
  readonly onboarding?: readonly OnboardingStep[]
  /** What is told of people and credits; nothing when left out. */
  readonly me?: MeSources
  /** Nobody is a member when left out. */
  readonly holdMember?: HoldMember
  /** What has to be done elsewhere when it is closed. */
  readonly closing?: readonly ClosingStep[]
  /** Told of what can not be undone or ended. */
  readonly leftovers?: Leftovers
  /** The time of one step of either. */
  readonly stepMs?: number
}

export function createIdentity(options: IdentityOptions): Identity {
  const { db, rootKey, clock, log, leftovers, stepMs, onboarding = [], closing = [] } = options
  const { me, holdMember = async () => null } = options
  const making = { db, log, leftovers, stepMs, steps: [organizationStep(db), ...onboarding] }
  const { authenticate, forget, start, stop } = createAuthenticator(options)
  return {
    authenticate,
    start,
    stop,
    verbs: [
      onboardVerb({ ...making, rootKey }),
      createOrganizationVerb({ ...making, rootKey }),
      updateOrganizationVerb,
      deleteOrganizationVerb(forget),
      getMeVerb(me),
      createApiKeyVerb(holdMember),
      listApiKeysVerb,
      rotateApiKeyVerb(holdMember),
      revokeApiKeyVerb(forget),
      revokeSelfVerb(forget),
    ],
    sweep: async () => {
      await sweepOnboardings(making)
      await sweepClosings({ db, clock, log, leftovers, stepMs, steps: closing })
    },
  }
}
