export { runCli, type LocalCommand } from './program.ts'
export type { CliSettings } from './settings.ts'
