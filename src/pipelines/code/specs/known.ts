import { dialectOf } from '../graph/facts.ts'
import { isCode, languageOf } from '../language.ts'
import type { Checking } from './checking.ts'

/** Code in a language whose imports and symbols are not known; null for code that is known and for what is no code. */
export function unreadLanguageOf(path: string): string | null {
  if (dialectOf(path) !== null) return null
  const language = languageOf(path)
  return isCode(language) ? language : null
}

/** Says so when nothing reliable is known of a file. Returns whether it is. */
export function isKnown({ index, report }: Pick<Checking, 'index' | 'report'>, path: string, what: string): boolean {
  const gap = index.gaps.get(path)
  if (gap !== undefined) {
    report.ignore({ path, reason: gap.reason, detail: `${what} could not be checked: ${gap.detail}` })
    return false
  }
  const language = unreadLanguageOf(path) ?? (dialectOf(path) === null ? (languageOf(path) ?? 'of this file') : null)
  if (language === null) return true
  report.ignore({
    path,
    reason: 'language_unsupported',
    detail: `${what} could not be checked: there is no graph for the language ${language}.`,
  })
  return false
}
