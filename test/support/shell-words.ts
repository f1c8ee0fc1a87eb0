/** The words of each `tenon` that a line for a shell runs: quotes, pipes, redirections, variables before it and a comment. */
export function tenonCallsIn(line: string): string[][] {
  return commandsIn(line).flatMap((words) => {
    const at = words.indexOf('tenon', words.includes('npx') ? words.indexOf('npx') : firstWord(words))
    const isCall = at === firstWord(words) || words[at - 1] === 'npx'
    return at >= 0 && isCall ? [words.slice(at + 1)] : []
  })
}

function firstWord(words: readonly string[]): number {
  return words.findIndex((word) => !/^[A-Z_]+=/.test(word))
}

/** @throws Error at a quote that is not closed. */
function commandsIn(line: string): string[][] {
  const commands: string[][] = [[]]
  let redirected = false
  for (const [token] of line.matchAll(/#.*$|[|<>]|(?:'[^']*'|"[^"]*"|[^\s'"|<>])+|\S/g)) {
    if (token === "'" || token === '"') throw new Error(`a quote is not closed: ${line}`)
    if (token.startsWith('#')) break
    if (token === '|') commands.push([])
    else if (token === '<' || token === '>') redirected = true
    else if (redirected) redirected = false
    else
      commands
        .at(-1)
        ?.push(token.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, one?: string, two?: string) => one ?? two ?? ''))
  }
  return commands
}
