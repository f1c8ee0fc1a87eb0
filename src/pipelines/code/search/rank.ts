/** How well a line matches; higher comes first. */
/** `symbol`: a parser has found its definition in this line. `definition`: it looks like one. */
export const RANK = { part: 0, word: 1, definition: 2, symbol: 3 } as const

const DEFINES =
  /(?:^|[\s(;{])(?:function\*?|class|interface|type|enum|const|let|var|def|fn|func|struct|trait|impl|module|namespace|record|protocol|macro_rules!)\s+$/
const LEAD = 64

/** Of an occurrence in a text: it defines a name, is a whole word, or a part of one. */
export function rankOf(text: string, lineStart: number, { start, end }: { start: number; end: number }): number {
  if (isWordUnit(text.charCodeAt(start - 1)) && isWordUnit(text.charCodeAt(start))) return RANK.part
  if (isWordUnit(text.charCodeAt(end)) && isWordUnit(text.charCodeAt(end - 1))) return RANK.part
  if (start === lineStart) return RANK.word
  return DEFINES.test(text.slice(Math.max(lineStart, start - LEAD), start)) ? RANK.definition : RANK.word
}

/** A letter, digit, `_` or `$`; beyond ASCII everything counts as a letter. NaN, outside the text, is none. */
function isWordUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 95 ||
    unit === 36 ||
    unit > 127
  )
}
