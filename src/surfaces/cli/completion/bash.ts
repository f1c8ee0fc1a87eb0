import { namesOf, valuedOptions, type Place } from './completion-words.ts'

/** The candidates that begin as what is typed does, as bash wants to have them. */
const OFFER = `  if [[ -n $files ]]; then
    IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$cur"))
    compopt -o filenames 2> /dev/null
  else
    COMPREPLY=($(compgen -W "$list" -- "$cur"))
  fi
  # What stands before the last colon is a word of its own to bash, and is not written again.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local colon=\${cur%"\${cur##*:}"}
    COMPREPLY=("\${COMPREPLY[@]#"$colon"}")
  elif [[ -n $prefix && $COMP_WORDBREAKS != *=* ]]; then
    COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
  fi
}`

/** Everything that can be said is in the script: no program is started at a press of the key. */
export function bashCompletion(places: readonly Place[]): string {
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quoted(` ${path}`))
  return `# bash completion for tenon
_tenon() {
  local line=\${COMP_LINE:0:COMP_POINT} path='' skip='' cur prev word list='' files='' opts=''
  local -a words
  local IFS=$' \\t\\n'
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local last=$((\${#words[@]} - 1)) i
  cur=\${words[last]}
  prev=\${words[last - 1]}
  for ((i = 1; i < last; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then
      skip=''
      continue
    fi
    case $word in
      ${valuedOptions(places).join(' | ')}) skip=1 ;;
      -*) ;;
      *)
        case "$path $word" in
          ${paths.join(' | ')}) path="$path $word" ;;
        esac
        ;;
    esac
  done
  COMPREPLY=()
  local prefix=''
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*}
    prefix="$prev="
    cur=\${cur#*=}
    skip=1
  fi
  if [[ -n $skip ]]; then
    case "$path $prev" in
${optionCases(places)}
    esac
  else
    case $path in
${placeCases(places)}
    esac
    [[ $cur == -* ]] && list=$opts files=''
  fi
${OFFER}
complete -F _tenon tenon
`
}

function optionCases(places: readonly Place[]): string {
  return places
    .flatMap(({ path, options }) =>
      options.flatMap((option) => {
        if (option.choices.length === 0 && !option.isFile) return []
        const set = option.isFile ? 'files=1' : `list=${quoted(option.choices.join(' '))}`
        return namesOf(option).map((name) => `      ${quoted(`${path === '' ? '' : ` ${path}`} ${name}`)}) ${set} ;;`)
      }),
    )
    .join('\n')
}

function placeCases(places: readonly Place[]): string {
  return places
    .map(({ path, commands, options, words, takesFiles }) => {
      const list = [...commands.map((command) => command.words.at(-1) ?? ''), ...words].join(' ')
      const sets = [
        list === '' ? '' : `list=${quoted(list)} `,
        takesFiles ? 'files=1 ' : '',
        `opts=${quoted(
          options
            .flatMap(namesOf)
            .filter((name) => name.startsWith('--'))
            .join(' '),
        )}`,
      ]
      return `      ${quoted(path === '' ? '' : ` ${path}`)}) ${sets.join('')} ;;`
    })
    .join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
