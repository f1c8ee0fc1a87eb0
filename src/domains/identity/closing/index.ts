export { RETENTION_DAYS, sweepClosings, type ClosingParts, type ClosingStep } from './closing.ts'
