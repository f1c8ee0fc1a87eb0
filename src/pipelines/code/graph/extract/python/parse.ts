import { parser } from '@lezer/python'

import { isHarmless, repair } from './repair.ts'
import { PythonTree } from './tree.ts'

/** Steps after errors cost fifty times as much as others; what needs more is no Python. */
const MAX_RECOVERING_STEPS = 20_000
const MAX_REPAIRS = 4

export interface ParsedPython {
  readonly tree: PythonTree
  readonly incomplete: boolean
}

/** The parser's grammar is behind the language: where it fails on what Python knows, the text is changed and parsed again. */
export function parsePython(text: string): ParsedPython {
  let parsed = text
  for (let round = 0; ; round++) {
    const { tree: syntax, stopped } = syntaxOf(parsed)
    const tree = new PythonTree(text, syntax)
    if (tree.errors.length === 0 || stopped) return { tree, incomplete: stopped }
    const repaired = round < MAX_REPAIRS ? repair(tree, parsed) : parsed
    if (repaired === parsed) return { tree, incomplete: tree.errors.some((error) => !isHarmless(tree, error)) }
    parsed = repaired
  }
}

function syntaxOf(text: string) {
  const parse = parser.startParse(text)
  let steps = 0
  for (;;) {
    const tree = parse.advance()
    if (tree !== null) return { tree, stopped: steps > MAX_RECOVERING_STEPS }
    if ('recovering' in parse && Boolean(parse.recovering) && ++steps === MAX_RECOVERING_STEPS + 1)
      parse.stopAt(parse.parsedPos)
  }
}
