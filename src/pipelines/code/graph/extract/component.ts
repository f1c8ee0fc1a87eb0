import { digestOf, type Facts, lazyModule } from '../facts.ts'
import { extractJavaScript } from './javascript.ts'

/** Longest opening tag of a script, in UTF-16 units. */
const MAX_TAG = 2_000

/**
 * A component of Vue or Svelte: its scripts, with the markup blanked out, so that lines stay what they are. The markup may
 * use whatever a script names, so that all of it is used when the component is.
 */
export function extractComponent(text: string): Facts {
  const scripts = scriptsOf(text)
  let code = ''
  let markup = ''
  for (const { start, end } of scripts) {
    const before = text.slice(code.length, start)
    markup += before
    code += blank(before) + text.slice(start, end)
  }
  markup += text.slice(code.length)
  const facts = extractJavaScript(code + blank(text.slice(code.length)), scripts.some(isTyped) ? 'ts' : 'js')
  const { module: scripted } = facts
  const module = lazyModule(() => {
    const { loadOrder, textDigest } = scripted
    return { digest: digestOf(`${scripted.digest}\n${markup}`), loadOrder, textDigest }
  })
  return { ...facts, moduleUses: namesOf(facts), module }
}

interface Script {
  readonly attributes: string
  readonly start: number
  readonly end: number
}

function isTyped({ attributes }: Script): boolean {
  return /\blang\s*=\s*["']?(?:ts|tsx|typescript)\b/i.test(attributes)
}

/** Two scripts of a component are one module. Each is gone through once, also when it is not closed. */
function scriptsOf(text: string): Script[] {
  const scripts: Script[] = []
  const folded = text.toLowerCase()
  for (let open = folded.indexOf('<script'); open >= 0;) {
    const start = endOfTag(text, open)
    const end = start === null ? -1 : folded.indexOf('</script', start)
    if (start !== null && end < 0) break
    if (start !== null) scripts.push({ attributes: text.slice(open, start), start, end })
    open = folded.indexOf('<script', start === null ? open + 1 : end)
  }
  return scripts
}

/** Behind its `>`; in quotes that is a character like others. null when there is none near. */
function endOfTag(text: string, open: number): number | null {
  let quote = ''
  for (let at = open; at < Math.min(text.length, open + MAX_TAG); at++) {
    const character = text.charAt(at)
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === '>') return at + 1
  }
  return null
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

function namesOf({ imports, symbols }: Facts): string[] {
  const locals = imports.flatMap(({ names }) => names.flatMap(({ local }) => local ?? []))
  return [...new Set([...locals, ...symbols.map(({ name }) => name).filter((name) => !name.includes('.'))])]
}
