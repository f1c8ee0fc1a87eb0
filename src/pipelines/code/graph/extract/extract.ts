import { type Dialect, type Facts, noFacts } from '../facts.ts'
import { extractComponent } from './component.ts'
import { extractJavaScript } from './javascript.ts'
import { extractPython } from './python.ts'

/** Longer texts are generated or data; their parse would cost more than it tells. In UTF-16 units. */
const MAX_UNITS = 1_000_000

/** Synchronous and pure; never throws because of the text. */
export function extractFacts(text: string, dialect: Dialect): Facts {
  if (text.length > MAX_UNITS) return noFacts(text, true)
  if (dialect === 'py') return extractPython(text)
  return dialect === 'sfc' ? extractComponent(text) : extractJavaScript(text, dialect)
}
