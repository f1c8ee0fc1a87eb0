/** A literal such that the folding of layout, which goes by blanks and brackets, leaves it as it is written. */
export function verbatim(literal: string): string {
  return literal.replaceAll(/[\s\\()[\]{}]/g, (character) => `\0${character.charCodeAt(0).toString(36)};`)
}
