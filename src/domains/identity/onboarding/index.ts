export { createOrganizationVerb, onboardVerb, type OnboardingDeps } from './onboard-organization.ts'
export { organizationStep } from './organization-step.ts'
export { stuckOnboardings, type StuckOnboardings } from './stuck.ts'
export { sweepOnboardings, type Hold, type NewOrganization, type OnboardingStep } from './saga.ts'
