import type { AST } from '@eslint-community/regexpp'
import { all, any, needOfText, type Need } from '../shard/need.ts'

/**
 * What every match of an expression has: as a need for the index, and the longest text of it. Beyond ASCII, a
 * case-insensitive expression and the folding of the index may differ, so such characters are left out of it.
 */
export function literalsOf(pattern: AST.Pattern, caseSensitive: boolean): { need: Need; literal: string | null } {
  const [only] = pattern.alternatives
  if (pattern.alternatives.length !== 1 || only === undefined)
    return { need: needOfAlternatives(pattern.alternatives, caseSensitive), literal: null }
  const parts = partsOf(only.elements, caseSensitive)
  const literal = parts.texts.reduce((longest, text) => (text.length > longest.length ? text : longest), '')
  return { need: needOfParts(parts), literal: literal === '' ? null : literal }
}

interface Parts {
  /** Each is in every match. */
  readonly texts: string[]
  readonly needs: Need[]
}

function needOfAlternatives(alternatives: readonly AST.Alternative[], caseSensitive: boolean): Need {
  return any(alternatives.map(({ elements }) => needOfParts(partsOf(elements, caseSensitive))))
}

function needOfParts({ texts, needs }: Parts): Need {
  return all([...texts.map(needOfText), ...needs])
}

/** Walks along a sequence and collects the characters that stand side by side. */
function partsOf(elements: readonly AST.Element[], caseSensitive: boolean): Parts {
  const texts: string[] = []
  const needs: Need[] = []
  let current = ''
  const end = (): void => {
    if (current !== '') texts.push(current)
    current = ''
  }
  const walk = (element: AST.Element): void => {
    if (element.type === 'Assertion') return
    if (element.type === 'Character' && isPlain(element.value, caseSensitive)) {
      current += String.fromCodePoint(element.value)
      return
    }
    if (element.type === 'Group' || element.type === 'CapturingGroup') {
      const [only] = element.alternatives
      if (element.alternatives.length === 1 && only !== undefined) return only.elements.forEach(walk)
      end()
      needs.push(needOfAlternatives(element.alternatives, caseSensitive))
      return
    }
    if (element.type === 'Quantifier' && element.min > 0) {
      walk(element.element)
      end()
      // What follows stands beside the last repetition.
      if (element.element.type === 'Character') walk(element.element)
      return
    }
    end()
  }
  elements.forEach(walk)
  end()
  return { texts, needs }
}

/** Half of a surrogate pair has no bytes of its own, and the index has nothing across a carriage return. */
function isPlain(unit: number, caseSensitive: boolean): boolean {
  if ((unit >= 0xd800 && unit <= 0xdfff) || unit === 13) return false
  return caseSensitive || unit < 128
}
