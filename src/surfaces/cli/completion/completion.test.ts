import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { unheard } from '../../../../test/support/cli-settings.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { commandsBelow, globalsOf, modelOf } from '../command-model.ts'
import { completionOf } from '../completion-command.ts'
import { buildProgram, runCli } from '../program.ts'

const folder = temporaryFolder('completion')
/** Home of the shells, with what they are told. */
const shells = temporaryFolder('completion-shells')
afterAll(() => {
  folder.remove()
  shells.remove()
})
writeFileSync(join(folder.path, 'plan.json'), '')
writeFileSync(join(folder.path, 'a plan.json'), '')

const { program } = buildProgram(unheard, [
  { name: 'audit verify', summary: 'Check', args: [{ name: 'file', description: 'trail' }], run: async () => 0 },
])
const root = modelOf(program)
const scripts = Object.fromEntries(['bash', 'zsh', 'fish'].map((shell) => [shell, completionOf(program, shell)]))

/** What a press of Tab offers at the end of this line, in a real bash. */
function offered(line: string, breaks = ` \t\n"'><=;|&(:`): string[] {
  const words = line.split(' ')
  const code = `
source /dev/stdin <<'SCRIPT'
${scripts['bash'] ?? ''}
SCRIPT
cd ${folder.path}
COMP_WORDBREAKS=$1
COMP_LINE=$2
COMP_POINT=\${#COMP_LINE}
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_tenon
printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', code, 'bash', breaks, line, ...words], { encoding: 'utf8' })
  return out.split('\n').filter((word) => word !== '')
}

describe('the completion for bash', () => {
  it('offers commands, and those of a group', () => {
    expect(offered('tenon ')).toEqual(expect.arrayContaining(['search', 'repos', 'runs', 'completion', 'help']))
    expect(offered('tenon rep')).toEqual(['repos'])
    expect(offered('tenon repos ')).toEqual(['add', 'list', 'show', 'reindex', 'delete', 'file', 'recent'])
    expect(offered('tenon --json --url http://x repos a')).toEqual(['add'])
    expect(offered('tenon help ')).toEqual(expect.arrayContaining(['exit-codes', 'runs']))
    expect(offered('tenon completion ')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('offers the options of a command and those of all, and no others', () => {
    expect(offered('tenon repos add x --')).toEqual(expect.arrayContaining(['--wait', '--token', '--json', '--help']))
    expect(offered('tenon repos list --')).not.toContain('--wait')
    expect(offered('tenon search repos --mo')).toEqual(['--mode'])
  })

  it('offers the choices of an option in both ways to write it, after a colon too', () => {
    expect(offered('tenon search x --mode ')).toEqual(['literal', 'regex'])
    expect(offered('tenon search x --mode=re')).toEqual(['regex'])
    expect(offered('tenon search x --mode=re', ' ')).toEqual(['--mode=regex'])
    expect(offered('tenon search x --limit ')).toEqual([])
    expect(offered('tenon search x --mode regex --case s')).toEqual(['sensitive'])
    expect(offered('tenon api-keys create ci --scopes search:')).toEqual(['read'])
    expect(offered('tenon api-keys create ci --scopes search:', ' ')).toEqual(['search:read'])
  })

  it('offers files where a file is wanted, with spaces in their names', () => {
    expect(offered('tenon specs validate ').toSorted()).toEqual(['a plan.json', 'plan.json'])
    expect(offered('tenon impact --diff pl')).toEqual(['plan.json'])
    expect(offered('tenon graph x --out pl')).toEqual(['plan.json'])
    expect(offered('tenon audit verify pl')).toEqual(['plan.json'])
    expect(offered('tenon repos show ')).toEqual([])
  })
})

/** The same in a real fish, as the lists of words that it would show. */
function offeredByFish(line: string): string[] {
  const code = `source ${join(shells.path, 'tenon.fish')}; cd ${folder.path}; complete -C $argv[1]`
  writeFileSync(join(shells.path, 'tenon.fish'), scripts['fish'] ?? '')
  const out = execFileSync('fish', ['--no-config', '-c', code, line], { encoding: 'utf8', env: HOMELESS })
  return out.split('\n').flatMap((offer) => offer.split('\t')[0] || [])
}

/** The same in a real zsh, which completes only where it is asked by a key of a terminal. */
function offeredByZsh(line: string): string[] {
  const [file, setup, out] = ['_tenon', 'setup.zsh', 'offered'].map((name) => join(shells.path, name))
  writeFileSync(file ?? '', scripts['zsh'] ?? '')
  writeFileSync(out ?? '', '')
  writeFileSync(
    setup ?? '',
    `PROMPT=''
autoload -Uz compinit && compinit -u -D
source ${file}
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -rl -- $hits >> ${out}
  builtin compadd "$@"
}
capture() { zle complete-word; kill -9 $$ }
zle -N capture
bindkey '^I' capture
`,
  )
  const code = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source $1"
zpty -w -n shell "$2"$'\\t'
while zpty -r shell part; do :; done`
  execFileSync('zsh', ['-f', '-c', code, 'zsh', setup ?? '', line], {
    timeout: 20_000,
    env: HOMELESS,
    cwd: folder.path,
  })
  return readFileSync(out ?? '', 'utf8')
    .split('\n')
    .flatMap((word) => word.replaceAll('\\', '') || [])
}

const HOMELESS = { PATH: process.env['PATH'], HOME: shells.path, TERM: 'dumb' }

function has(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit'], { env: HOMELESS }).status === 0
}

describe.each([
  ['fish', offeredByFish],
  ['zsh', offeredByZsh],
] as const)('the completion for %s, where the machine has that shell', (shell, offer) => {
  it('offers what that for bash offers', (context) => {
    if (!has(shell)) return context.skip(`this machine has no ${shell}`)
    const unordered = (words: readonly string[]): string[] => [...new Set(words)].toSorted()
    for (const line of [
      'tenon re',
      'tenon repos ',
      'tenon --json --url http://x repos a',
      'tenon completion ',
      'tenon search x --mode ',
      'tenon specs validate ',
    ])
      expect([line, unordered(offer(line))]).toEqual([line, unordered(offered(line))])
    expect(offer('tenon api-keys create ci --scopes search:')).toEqual(['search:read'])
    expect(offer('tenon repos add x --no')).toContain('--no-token')
  }, 60_000)
})

describe('the completions', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s hold every command, option and choice of the tree', (shell) => {
    const script = scripts[shell] ?? ''
    for (const { words, options } of [root, ...commandsBelow(root)]) {
      expect(script).toContain(words.at(-1))
      for (const { long, choices } of [...options, ...globalsOf(root)]) {
        expect(script).toContain(shell === 'fish' ? `-l ${long.slice(2)}` : long)
        for (const choice of choices) expect(script).toContain(shell === 'zsh' ? choice.replaceAll(':', '\\:') : choice)
      }
    }
  })

  it.each(['bash', 'zsh', 'fish'])('for %s start no program at a press of the key', (shell) => {
    expect(scripts[shell]).not.toMatch(/\$\(tenon|`tenon|\(tenon |node /)
  })

  it('have closed quotes, brackets and blocks, whatever the texts hold, as far as can be told without the shells', () => {
    execFileSync('bash', ['-n'], { input: scripts['bash'] })
    const outside = (script: string | undefined, quoted: RegExp): string => (script ?? '').replaceAll(quoted, '')
    const zsh = outside(scripts['zsh'], /'[^']*'/g).replaceAll(/#.*$/gm, '')
    expect(zsh).not.toMatch(/['"`]\w/)
    const blocks = zsh.replaceAll(/^ *[\w-]+\) \w+ ;;$|^ *(?:command|rest)\)$/gm, '')
    const count = (letter: string): number => blocks.split(letter).length
    expect([count('{'), count('(')]).toEqual([count('}'), count(')')])
    const fish = outside(scripts['fish'], /'(?:\\.|[^'\\])*'/g)
    expect(fish).not.toContain("'")
    expect(fish.match(/^\s*(?:function|if|for) /gm)).toHaveLength(fish.match(/^\s*end$/gm)?.length ?? 0)
  })

  it('are printed by a command, which refuses another shell', async () => {
    let out = ''
    const settings = { ...unheard, out: (text: string) => (out += text) }
    expect(await runCli(['completion', 'bash'], settings, [])).toBe(0)
    expect(out).toMatch(/^# bash completion for tenon\n[^]*complete -F _tenon tenon\n$/)
    expect(await runCli(['completion', 'tcsh'], settings, [])).toBe(2)
  })
})
