export { createMcp } from './handler.ts'
