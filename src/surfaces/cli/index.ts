export {
  commandsBelow,
  factsOf,
  globalsOf,
  modelOf,
  usageOf,
  type ArgumentModel,
  type CommandModel,
  type OptionModel,
} from './command-model.ts'
export { EXIT_CODES, OUTPUT_NOTES } from './help-topics.ts'
export { alignedExamples, FIRST_STEP_EXAMPLES } from './help.ts'
export type { LocalCommand } from './local-command.ts'
export { buildProgram, runCli } from './program.ts'
export type { Access, CliSettings } from './settings.ts'
export { wrap } from './text.ts'
