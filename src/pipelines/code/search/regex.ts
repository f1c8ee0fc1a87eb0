import { RegExpParser, visitRegExpAST, type AST } from '@eslint-community/regexpp'
import type { Need } from '../shard/need.ts'
import { literalsOf } from './regex-literals.ts'
import { QueryError } from './query.ts'

export interface CompiledRegex {
  readonly need: Need
  /** Global; for one line without its end. */
  readonly expression: RegExp
  /** A text that every match has, in the case of the pattern; null when none is known. */
  readonly literal: string | null
}

/** What only the Unicode mode understands. */
const UNICODE_ONLY = /^(?:[^\\]|\\[^])*?(?:\\[pPu]\{|[\u{10000}-\u{10ffff}])/u

/**
 * ECMAScript's expressions, but for what can't be matched in linear time (backreferences, look-around) and for flags
 * inside of the pattern. Case-insensitive patterns are written out ("a" as "[aA]"), because the linear matcher, which
 * takes over when a pattern backtracks too much, has no such flag.
 *
 * @throws QueryError
 */
export function compileRegex(pattern: string, caseSensitive: boolean): CompiledRegex {
  const unicode = UNICODE_ONLY.test(pattern)
  const ast = parse(pattern, unicode)
  refuseUnsupported(ast)
  const { need, literal } = literalsOf(ast, caseSensitive)
  const source = caseSensitive || unicode ? pattern : writeOutCases(pattern, ast)
  const flags = `g${unicode ? 'u' : ''}${unicode && !caseSensitive ? 'i' : ''}`
  try {
    return { need, literal, expression: new RegExp(source, flags) }
  } catch (error) {
    throw invalid(error)
  }
}

function parse(pattern: string, unicode: boolean): AST.Pattern {
  try {
    return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(pattern, 0, pattern.length, { unicode })
  } catch (error) {
    throw invalid(error)
  }
}

function invalid(error: unknown): QueryError {
  const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'invalid'
  return new QueryError('q', `Not a regular expression: ${reason}`)
}

function refuseUnsupported(ast: AST.Pattern): void {
  const refuse = (what: string) => (): never => {
    throw new QueryError('q', `${what} can not be used in a search`)
  }
  visitRegExpAST(ast, {
    onBackreferenceEnter: refuse('Backreferences'),
    onModifiersEnter: refuse('Flags inside of the expression'),
    onAssertionEnter: ({ kind }) => {
      if (kind === 'lookahead' || kind === 'lookbehind') refuse('Look-ahead and look-behind')()
    },
    onCharacterEnter: ({ value }) => {
      if (value === 10) refuse('Line ends')()
    },
  })
}

function writeOutCases(pattern: string, ast: AST.Pattern): string {
  const edits: { start: number; end: number; text: string }[] = []
  visitRegExpAST(ast, {
    onCharacterEnter: ({ value, start, end, raw, parent }) => {
      if (parent.type === 'CharacterClassRange') return
      const others = otherCases(value).map(escaped).join('')
      if (others === '') return
      edits.push({ start, end, text: parent.type === 'CharacterClass' ? raw + others : `[${escaped(value)}${others}]` })
    },
    onCharacterClassRangeEnter: ({ min, max, start, end, raw }) => {
      const others = new Set<number>()
      for (let unit = min.value; unit <= max.value; unit++)
        for (const other of otherCases(unit)) if (other < min.value || other > max.value) others.add(other)
      edits.push({ start, end, text: raw + [...others].map(escaped).join('') })
    },
  })
  return edits
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), pattern)
}

function otherCases(unit: number): number[] {
  const text = String.fromCharCode(unit)
  return [text.toLowerCase(), text.toUpperCase()].flatMap((other) =>
    other.length === 1 && other !== text ? [other.charCodeAt(0)] : [],
  )
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
