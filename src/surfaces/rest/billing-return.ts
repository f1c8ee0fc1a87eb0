import { createHash } from 'node:crypto'
import { SECURITY_HEADERS } from './respond.ts'

/** Where people stand when they come back from a page of Stripe. It shows nothing of anybody, and needs no credential. */
export function billingReturnPage(query: URLSearchParams): Response {
  const session = query.get('session') ?? ''
  const page = query.has('cancelled') ? CANCELLED : SESSION.test(session) ? paid(session) : BACK
  return new Response(pageText(page), {
    headers: { ...SECURITY_HEADERS, 'content-security-policy': POLICY, 'content-type': 'text/html; charset=utf-8' },
  })
}

interface Page {
  readonly title: string
  readonly text: string
  readonly command: string
  readonly next: string
}

/** As Stripe makes them: what does not look like one is not shown. */
const SESSION = /^cs_[A-Za-z0-9_]{1,200}$/

const CANCELLED: Page = {
  title: 'Nothing was bought',
  text: 'You left the checkout before it was paid. Nothing was charged, and nothing has changed.',
  command: 'tenon billing checkout solo',
  next: 'You can close this page, or start again:',
}
const BACK: Page = {
  title: 'Back from Stripe',
  text: 'What you have changed there is in force within seconds.',
  command: 'tenon billing',
  next: 'You can close this page. To see plan and subscription:',
}
const paid = (session: string): Page => ({
  title: 'Thank you',
  text: 'As soon as Stripe confirms the payment, what you have bought is in force. That takes seconds; some ways to pay take days.',
  command: `tenon billing confirm ${session}`,
  next: 'You can close this page. To see at once that all is done:',
})

const STYLE = `
:root{--ground:#fff;--raised:#f6f7f8;--line:#e1e4e7;--ink:#16191d;--soft:#4c545d;--accent:#0f766e;color-scheme:light}
@media (prefers-color-scheme:dark){:root{--ground:#0f1214;--raised:#161a1d;--line:#2a3137;--ink:#e8ebed;--soft:#b3bbc2;--accent:#4fd1c0;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--raised);color:var(--ink);font:16px/1.6 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}
main{width:100%;max-width:520px;padding:32px;background:var(--ground);border:1px solid var(--line);border-radius:12px}
.brand{display:flex;align-items:center;gap:8px;margin:0 0 24px;color:var(--ink);font-weight:600}
h1{margin:0 0 8px;font-size:26px;line-height:1.25;letter-spacing:-.01em}
p{margin:0 0 16px;color:var(--soft)}
pre{margin:0;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--raised);border:1px solid var(--line);border-left:3px solid var(--accent);border-radius:6px;font:14px/1.5 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
`
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`
const MARK =
  '<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6" fill="#0f766e"/><path d="M5 6h14v5h-4v-2H9v2H5zM9 13h6v5H9z" fill="#fff"/></svg>'

function pageText({ title, text, next, command }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Tenon</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="brand">${MARK}Tenon</p>
<h1>${title}</h1>
<p>${text}</p>
<p>${next}</p>
<pre tabindex="0"><code>${command}</code></pre>
</main>
</body>
</html>
`
}
