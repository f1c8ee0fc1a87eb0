export type { LocalCommand } from './local-command.ts'
export { runCli } from './program.ts'
export type { CliSettings } from './settings.ts'
