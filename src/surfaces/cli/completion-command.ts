import { Argument, type Command } from 'commander'
import { modelOf } from './command-model.ts'
import { addExamples, commandAt } from './command-tree.ts'
import { bashCompletion } from './completion/bash.ts'
import { placesOf, type Place } from './completion/completion-words.ts'
import { fishCompletion } from './completion/fish.ts'
import { zshCompletion } from './completion/zsh.ts'
import type { Context } from './context.ts'

const SHELLS: Readonly<Record<string, (places: readonly Place[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export function addCompletion(program: Command, { settings, json }: Context): void {
  const command = commandAt(program, 'completion')
    .summary('Print a script that completes commands in your shell')
    .description(
      'Print a script that lets the Tab key complete commands, options, their values and files. Write it to where your shell looks for such scripts, as the examples show (make the folder when there is none), and open a new shell; do it again after an upgrade. For zsh, the folder has to stand in `fpath` before `compinit` is called.',
    )
    .addArgument(new Argument('<shell>', 'shell that the script is for').choices(Object.keys(SHELLS)))
    .action((shell: string) => {
      const script = completionOf(program, shell)
      settings.out(json() ? `${JSON.stringify({ data: { shell, script } })}\n` : script)
    })
  addExamples(command, [
    'tenon completion bash > ~/.local/share/bash-completion/completions/tenon',
    'tenon completion zsh > ~/.zsh/completions/_tenon',
    'tenon completion fish > ~/.config/fish/completions/tenon.fish',
  ])
}

export function completionOf(program: Command, shell: string): string {
  return SHELLS[shell]?.(placesOf(modelOf(program))) ?? ''
}
