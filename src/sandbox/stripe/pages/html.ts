import { createHash } from 'node:crypto'
import type { Answer } from '../http/answer.ts'
import { STYLE } from './style.ts'

/** Text that is HTML already. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
type Part = string | number | Html | null | readonly Html[]

/** Everything but `Html` is escaped. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(texts.map((text, i) => text + shown(parts[i] ?? null)).join(''))
}

function shown(part: Part): string {
  if (part === null) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return String(part).replaceAll(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0) ?? 0};`)
}

/** Browsers compare every byte between the tags with the hash. */
const STYLE_TAG = new Html(`<style>${STYLE}</style>`)
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

interface PageOptions {
  readonly title: string
  readonly status?: number
  /** Where a form may lead to; browsers hold redirects to this too. */
  readonly leadsTo?: readonly (string | null)[]
  readonly wide?: boolean
}

/** A whole page. Nothing on it runs, and nothing is loaded. */
export function pageAnswer({ title, status = 200, leadsTo = [], wide = false }: PageOptions, content: Html): Answer {
  const origins = leadsTo.flatMap((url) => (url !== null && URL.canParse(url) ? [new URL(url).origin] : []))
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Stripe sandbox of Tenon</title>
        ${STYLE_TAG}
      </head>
      <body>
        <header class="banner"><strong>Stripe sandbox of Tenon</strong> <span>no real money</span></header>
        <main class="${wide ? 'wide' : 'narrow'}">${content}</main>
      </body>
    </html> `.text
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action 'self' ${[...new Set(origins)].join(' ')}`.trim(),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
  return {
    status,
    body,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  }
}

export function redirect(location: string): Answer {
  return { status: 303, body: '', headers: { location, 'cache-control': 'no-store' } }
}

export function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}

export function minute(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
