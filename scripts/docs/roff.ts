/** The little of `man(7)` that a page of the manual needs. Each function answers whole lines. */

export interface ManPage {
  readonly name: string
  readonly section: number
  /** The program with its version. */
  readonly source: string
  readonly manual: string
}

export function manPage({ name, section: number, source, manual }: ManPage, lines: readonly string[]): string {
  return [
    '.\\" Made by scripts/generate-cli-docs.ts from the tree of commands; do not edit.',
    `.TH ${name.toUpperCase()} ${number} "" "${escaped(source)}" "${escaped(manual)}"`,
    // Neither hyphens nor stretched lines: commands are to be read as they are written.
    '.nh',
    '.ad l',
    ...lines.map((text, i) => (/^\.S[HS]/.test(lines[i - 1] ?? '') ? text.replace(/^\.PP\n/, '') : text)),
    '',
  ].join('\n')
}

export function section(title: string): string {
  return `.SH ${title.toUpperCase()}`
}

export function subsection(title: string): string {
  return `.SS ${escaped(title).replaceAll('"', '\\(dq')}`
}

export function paragraph(text: string): string {
  return `.PP\n${line(text)}`
}

/** A term, and what it means moved in below. */
export function tagged(term: string, text: string): string {
  return `.TP\n${line(bold(term))}\n${line(text)}`
}

export function examplesBlock(examples: readonly string[]): string {
  return ['.PP', '.RS 4', '.nf', ...examples.map(line), '.fi', '.RE'].join('\n')
}

/** Marks a text as one that is typed as it stands. */
export function bold(text: string): string {
  return `\u0001${text}\u0002`
}

/** Text with `code` in it. */
export function line(text: string): string {
  const marked = text.replaceAll(/`([^`]+)`/g, (_, words: string) => bold(words))
  const told = escaped(marked).replaceAll('\u0001', '\\fB').replaceAll('\u0002', '\\fR')
  // At the begin of a line these would be requests.
  return /^[.']/.test(told) ? `\\&${told}` : told
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(
      /\P{ASCII}/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}
