export { createRestApp } from './app.ts'
export { listen, type Listening } from './listen.ts'
export { createProbeApp } from './probes.ts'
