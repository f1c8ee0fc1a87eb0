import { cleaned, INK, type Ink } from './draw-text.ts'

/** In the dark. What is no colour of this list keeps the one it has by day. */
const DARK: Readonly<Record<Ink, string>> = {
  [INK.paper]: '#12151c',
  [INK.box]: '#1d222d',
  [INK.line]: '#3a4252',
  [INK.text]: '#e4e7ee',
  [INK.muted]: '#98a2b3',
  [INK.arrow]: '#667085',
  [INK.target]: '#a4acff',
  [INK.targetMuted]: '#2f3481',
  [INK.test]: '#16281f',
  [INK.testLine]: '#2f6b4a',
  [INK.testText]: '#8fd3ae',
  [INK.cycle]: '#ff7a6e',
  [INK.note]: '#fdb022',
}
const SANS = `ui-sans-serif, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif`
/** Where all letters are equally wide, a text has the width that the layout was made for, whatever the font is. */
const MONO = `ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace`

/**
 * What Graphviz has drawn, made fit to stand on its own: no reference to anything outside, fonts of the system, a name,
 * and colours for the dark. Colours by day are attributes, so that they hold where a policy forbids styles.
 */
export function finishSvg(svg: string, title: string): string {
  const begin = svg.indexOf('<svg')
  const inside = svg.indexOf('>', begin) + 1
  const [, width = '0', height = '0'] = /width="([\d.]+)pt"\s+height="([\d.]+)pt"/.exec(svg.slice(begin, inside)) ?? []
  const viewBox = /viewBox="([-\d. ]+)"/.exec(svg.slice(begin, inside))?.[1] ?? `0 0 ${width} ${height}`
  const size = `width="${pixels(width)}" height="${pixels(height)}" viewBox="${viewBox}"`
  const head = `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}>\n<title>${xml(title)}</title>\n${STYLE}`
  const body = svg
    .slice(inside)
    .replaceAll(/<!--[^]*?-->\n?/g, '')
    // The name of the whole, which stands above already.
    .replace(/<title>dependencies<\/title>\n?/, '')
    // Graphviz names an arrow with the sides of the boxes that it touches.
    .replaceAll(/(?<=class="edge [^"]*">\n<title>)[^<]*/g, (ends) =>
      ends.replace(/(?::e)?&#45;&gt;/, ' → ').replace(/:w$/, ''),
    )
    .replaceAll(/ font-family="([^"]*)"/g, (_, family: string) => {
      return ` font-family="${family.startsWith('Courier') ? MONO : SANS}"`
    })
  return `${head}${body.trimEnd()}\n`
}

const STYLE = `<style>@media (prefers-color-scheme: dark) {\n${Object.entries(DARK)
  .map(([day, dark]) => `[fill="${day}"] { fill: ${dark} } [stroke="${day}"] { stroke: ${dark} }\n`)
  .join('')}}</style>\n`

/** Points as the pixels of CSS. */
function pixels(points: string): number {
  return Math.ceil((Number(points) * 4) / 3)
}

function xml(plain: string): string {
  const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  return cleaned(plain).replaceAll(/[&<>]/g, (mark) => marks[mark] ?? '')
}
