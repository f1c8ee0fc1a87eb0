import type { OptionModel } from '../command-model.ts'
import { shortText, type Place } from './completion-words.ts'

/** A function for each command; everything that can be said is in the script. */
export function zshCompletion(places: readonly Place[]): string {
  return `#compdef tenon
# zsh completion for tenon

${places.map(functionOf).join('\n')}
if [[ \${funcstack[1]} == _tenon ]]; then
  _tenon "$@"
else
  compdef _tenon tenon
fi
`
}

function functionOf(place: Place): string {
  const { path, commands, options, words, takesFiles } = place
  const specs = options.map(optionSpec)
  if (commands.length > 0) return groupOf(place, specs)
  const rest = takesFiles ? `'*: :_files'` : words.length > 0 ? `'*: :(${words.map(escaped).join(' ')})'` : `'*: :'`
  return `${nameOf(path)}() {
  _arguments -s -S \\
${[...specs, rest].map((spec) => `    ${spec}`).join(' \\\n')}
}
`
}

function groupOf({ path, commands }: Place, specs: readonly string[]): string {
  const names = commands.map(({ words, summary }) => `      ${quoted(`${words.at(-1) ?? ''}:${shortText(summary)}`)}`)
  const calls = commands.map(({ words }) => `        ${words.at(-1) ?? ''}) ${nameOf(words.slice(1).join(' '))} ;;`)
  return `${nameOf(path)}() {
  local curcontext=$curcontext state line
  local -A opt_args
  _arguments -C -s -S \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')} \\
    '1: :->command' \\
    '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${names.join('\n')}
      )
      _describe -t commands 'command' commands
      ;;
    rest)
      case $line[1] in
${calls.join('\n')}
      esac
      ;;
  esac
}
`
}

/** `'(-q --quiet)'{-q,--quiet}'[text]'`, with what the value can be after it. */
function optionSpec(option: OptionModel): string {
  const { long, short, takesValue, repeated, isFile, choices } = option
  const value = takesValue ? `:${valueName(option)}:${isFile ? '_files' : choicesSpec(choices)}` : ''
  const text = `[${escaped(shortText(option.description))}]${value}`
  const many = repeated ? '*' : ''
  if (short === undefined) return quoted(`${many}${long}${takesValue ? '=' : ''}${text}`)
  return `${quoted(`(${short} ${long})`)}{${short},${long}${takesValue ? '=' : ''}}${quoted(text)}`
}

function choicesSpec(choices: readonly string[]): string {
  return choices.length === 0 ? ' ' : `(${choices.map(escaped).join(' ')})`
}

function valueName({ term }: OptionModel): string {
  return escaped(/<([^>]*)>/.exec(term)?.[1]?.replaceAll('.', '').replace('true|false', 'value') ?? 'value')
}

function nameOf(path: string): string {
  return ['_tenon', ...path.split(' ').filter((word) => word !== '')].join('_').replaceAll('-', '_')
}

/** Colons and brackets mean something to `_arguments`. */
function escaped(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, (character) => `\\${character}`)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
