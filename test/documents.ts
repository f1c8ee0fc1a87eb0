import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the documents say, for tests that compare it with what is. */

const root = fileURLToPath(new URL('..', import.meta.url))
export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8')
export const documents = (): string[] => globSync('{*.md,docs/**/*.md,src/**/*.md,examples/**/*.md}', { cwd: root })

export interface Link {
  readonly page: string
  /** From the repository's root; the page itself for a place on it. */
  readonly target: string
  /** Without `#`; null for the whole page. */
  readonly place: string | null
}

/** Links of a page to files of the repository. */
export function linksOf(page: string): Link[] {
  const text = readDocument(page).replaceAll(/```[\s\S]*?```/g, '')
  return [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, path = '', place]) => ({
    page,
    target: path === '' ? page : posix.normalize(posix.join(dirname(page), path)),
    place: place ?? null,
  }))
}

/** Places that a link into a page can name. */
export function placesOf(page: string, anchorOf: (heading: string) => string): ReadonlySet<string> {
  const text = readDocument(page).replaceAll(/```[\s\S]*?```/g, '')
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading).slice(1)))
}

export interface ShownCommand {
  readonly page: string
  readonly text: string
  /** Without the name of the program. */
  readonly words: readonly string[]
  /** It stands in a block, to be typed as it is; otherwise it is only spoken of. */
  readonly whole: boolean
}

/** Every `tenon …` in blocks for a shell, and in code within sentences. */
export function commandsOf(page: string): ShownCommand[] {
  const text = readDocument(page)
  const lines = [...text.matchAll(/```(sh|console)\n([\s\S]*?)```/g)].flatMap(([, language, block = '']) => {
    const joined = block.replaceAll(/\\\n\s*/g, ' ').split('\n')
    // Of a console, what is typed stands behind a dollar.
    return language === 'console' ? joined.flatMap((line) => /^\$ (.*)$/.exec(line)?.[1] ?? []) : joined
  })
  const spoken = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`((?:npx )?tenon [^`]+)`/g)].map(
    (m) => m[1] ?? '',
  )
  const shown = (source: readonly string[], whole: boolean): ShownCommand[] =>
    source.flatMap((line) => commandsIn(line).map((words) => ({ page, text: line.trim(), words, whole })))
  return [...shown(lines, true), ...shown(spoken, false)]
}

/** The commands of Tenon in a line for a shell, behind variables, between pipes. */
function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const [word, quoted] of wordsOf(line)) {
    if (!quoted && word.startsWith('#')) break
    if (!quoted && /^(?:\||\|\||&&|;)$/.test(word)) commands.push([])
    else commands.at(-1)?.push(word)
  }
  return commands.flatMap((words) => {
    const start = words.findIndex((word) => !/^\w+=/.test(word))
    const [first, second] = words.slice(start)
    const name = first === 'npx' && second === 'tenon' ? start + 1 : first === 'tenon' ? start : -1
    return name === -1 || start === -1
      ? []
      : [words.slice(name + 1).filter((word, i, all) => !isRedirect(word, all[i - 1]))]
  })
}

function isRedirect(word: string, before: string | undefined): boolean {
  return /^\d?>{1,2}$|^<$/.test(word) || (before !== undefined && /^\d?>{1,2}$|^<$/.test(before))
}

function wordsOf(line: string): [word: string, quoted: boolean][] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(;)|((?:[^\s;'"]|'[^']*'|"[^"]*")+)/g)].map(
    ([, single, double, semi, bare]) => [
      single ?? double ?? semi ?? bare?.replaceAll(/["']/g, '') ?? '',
      single !== undefined || double !== undefined,
    ],
  )
}
