import type { OptionModel } from '../command-model.ts'
import { shortText, valuedOptions, type Place } from './completion-words.ts'

/** Everything that can be said is in the script; only the place in the tree is found out at a press of the key. */
export function fishCompletion(places: readonly Place[]): string {
  const paths = places.flatMap(({ path }) => (path === '' ? [] : [quoted(path)]))
  return `# fish completion for tenon
function __tenon_at --description 'Whether the command line stands at these words'
    set -l words (commandline -opc)
    set -e words[1]
    set -l path
    set -l skip 0
    for word in $words
        if test $skip -eq 1
            set skip 0
        else if contains -- $word ${valuedOptions(places).join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            set -l next (string join ' ' $path $word)
            if contains -- $next ${paths.join(' ')}
                set path $next
            end
        end
    end
    test "$path" = "$argv[1]"
end

complete -c tenon -e
complete -c tenon -f
${places.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, commands, options, words, takesFiles }: Place): string[] {
  const at = `complete -c tenon -n ${quoted(`__tenon_at "${path}"`)}`
  return [
    ...commands.map(
      (command) => `${at} -a ${quoted(command.words.at(-1) ?? '')} -d ${quoted(shortText(command.summary))}`,
    ),
    ...(words.length > 0 ? [`${at} -a ${quoted(words.join(' '))}`] : []),
    ...(takesFiles ? [`${at} -F`] : []),
    ...options.map((option) => `${at} ${optionFlags(option)} -d ${quoted(shortText(option.description))}`),
  ]
}

function optionFlags({ long, short, takesValue, isFile, choices }: OptionModel): string {
  const values = isFile
    ? ' -r -F'
    : choices.length > 0
      ? ` -x -a ${quoted(choices.join(' '))}`
      : takesValue
        ? ' -x'
        : ''
  return `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}${values}`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
