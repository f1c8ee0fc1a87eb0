import type { Clock } from './ctx.ts'

export const systemClock: Clock = { now: () => new Date() }
