export { onboardVerb, type OnboardingDeps } from './onboard-organization.ts'
export { organizationStep } from './organization-step.ts'
export { sweepOnboardings, type OnboardingStep } from './saga.ts'
