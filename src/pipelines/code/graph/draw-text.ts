/** Colours of a drawing by day. What is shown in the dark names these, so that each stands for one thing alone. */
export const INK = {
  paper: '#ffffff',
  box: '#f6f7f9',
  line: '#d0d5dd',
  text: '#1d2433',
  muted: '#667085',
  arrow: '#98a2b3',
  target: '#3538cd',
  targetMuted: '#c7d0ff',
  test: '#f0faf4',
  testLine: '#a6d9bb',
  testText: '#276749',
  cycle: '#d92d20',
  note: '#b54708',
} as const
export type Ink = (typeof INK)[keyof typeof INK]

/** Controls, which XML does not allow, and marks that reorder a line. */
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g

/** Text from a repository for inside of a label in HTML; Graphviz takes a lone backslash for the begin of a name of its own. */
export function escaped(plain: string): string {
  const marks: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return cleaned(plain)
    .replaceAll('\n', ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? '')
}

/** A name in DOT: nothing but a quote ends it, and a backslash is kept from standing before one. */
export function quoted(plain: string): string {
  return `"${cleaned(plain).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** The middle is what a long path can do without. */
export function shortened(plain: string, length: number): string {
  if (plain.length <= length) return plain
  const head = Math.floor((length - 1) / 3)
  return `${plain.slice(0, head)}…${plain.slice(head + 1 - length)}`.toWellFormed()
}

/** Text that XML can hold. */
export function cleaned(plain: string): string {
  return plain.toWellFormed().replaceAll(UNSAFE, '�')
}
