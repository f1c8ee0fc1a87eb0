import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Hono } from 'hono'
import { MIN_PASSWORD } from '../../../contract/accounts.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { refuse } from '../refuse.ts'
import { createAsset, type Asset } from '../static-asset.ts'

/** Nothing but what this server gives, and no text that a script could turn into markup. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
const KEPT = 'public, max-age=31536000, immutable'

const FILES = {
  'page.css': { type: 'text/css; charset=utf-8', path: './page.css' },
  'page.js': { type: 'text/javascript; charset=utf-8', path: './page.js' },
  'icon.svg': { type: 'image/svg+xml', path: '../docs-page/icon.svg' },
} as const
type FileName = keyof typeof FILES

interface Page {
  /** From the page to the root of the server, so that it stands behind a proxy's prefix as well. */
  readonly root: string
  readonly title: string
  readonly main: string
}

const PASSWORD_FIELD = `<label for="new-password">New password</label>
<input id="new-password" name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" maxlength="128" required aria-describedby="rule">
<p class="hint" id="rule">At least ${MIN_PASSWORD} characters, of any kind.</p>`

/** Where the links of mails lead. Opening one does nothing: programs that look through mails open them, too. */
const PAGES: Readonly<Record<string, Page>> = {
  '/accounts/verify': {
    root: '../',
    title: 'Confirm your e-mail address',
    main: `<p>Confirm that this address is yours, and that it was you who signed up.</p>
<form data-page="verify"><button type="submit">Confirm address</button></form>
<div data-done hidden><p>Your address is confirmed. You can sign in now.</p></div>`,
  },
  '/accounts/reset': {
    root: '../',
    title: 'Set a new password',
    main: `<p>All sessions of your account end when the new password is set.</p>
<form data-page="reset">
<input type="text" name="username" autocomplete="username" hidden>
${PASSWORD_FIELD}
<label class="choice"><input type="checkbox" data-show="new-password"> Show the password</label>
<button type="submit">Set password</button>
</form>
<div data-done hidden><p>The new password is set. You can sign in with it now.</p></div>`,
  },
  '/invitations': {
    root: './',
    title: 'Accept an invitation',
    main: `<p>The invitation is for the account with the address that it was sent to.</p>
<form data-page="invitation"><button type="submit">Accept the invitation</button></form>
<form data-page="sign-in" hidden>
<h2>Sign in to accept</h2>
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="128" required>
<button type="submit">Sign in and accept</button>
<p class="hint"><button type="button" class="plain" data-to="sign-up">No account yet? Sign up</button></p>
</form>
<form data-page="second-factor" hidden>
<h2>Second factor</h2>
<label for="code">Code of your authenticator, or a backup code</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="off" spellcheck="false" minlength="6" maxlength="32" required>
<button type="submit">Confirm and accept</button>
</form>
<form data-page="sign-up" hidden>
<h2>Sign up</h2>
<label for="name">Name</label>
<input id="name" name="name" autocomplete="name" maxlength="120" required>
<label for="new-email">E-mail address that the invitation was sent to</label>
<input id="new-email" name="email" type="email" autocomplete="username" required>
${PASSWORD_FIELD}
<button type="submit">Sign up</button>
<p class="hint"><button type="button" class="plain" data-to="sign-in">I have an account</button></p>
</form>
<div data-done hidden><p>You are a member of <strong data-org></strong> now.</p></div>
<div data-signed-up hidden><p>Please confirm your address by the mail that we have sent, then open the invitation again.</p></div>`,
  },
}

export function addAccountPages(app: Hono): void {
  let loading: Promise<ReadonlyMap<string, Asset>> | undefined
  const assets = (): Promise<ReadonlyMap<string, Asset>> => {
    loading ??= load().catch((error: unknown) => {
      // A file that could not be read now may be there at the next request.
      loading = undefined
      throw error
    })
    return loading
  }
  const paths = [...Object.keys(PAGES), ...Object.keys(FILES).map((name) => `/accounts/${name}`)]
  for (const path of paths) {
    app.get(path, async (c) => {
      const asset = (await assets()).get(path)
      if (asset === undefined) return refuse(c, new TenonError('not_found'))
      const response = await asset.respond(c.req.raw)
      if (c.req.query('v') === asset.version) response.headers.set('cache-control', KEPT)
      return response
    })
    app.all(path, (c) => refuse(c, new TenonError('method_not_allowed'), { allow: 'GET, HEAD' }))
  }
}

async function load(): Promise<ReadonlyMap<string, Asset>> {
  const names = Object.keys(FILES) as FileName[]
  const files = new Map(
    await Promise.all(
      names.map(async (name) => {
        const { type, path } = FILES[name]
        const body = await readFile(fileURLToPath(new URL(path, import.meta.url)))
        return [name, createAsset({ type, body, headers: { 'cache-control': 'no-cache' } })] as const
      }),
    ),
  )
  const address = (name: FileName): string => `accounts/${name}?v=${files.get(name)?.version ?? ''}`
  const pages = Object.entries(PAGES).map(([path, page]) => {
    const body = Buffer.from(pageText(page, address))
    // Not kept: its address has a secret.
    const headers = { 'content-security-policy': POLICY, 'cache-control': 'no-store' }
    return [path, createAsset({ type: 'text/html; charset=utf-8', body, headers })] as const
  })
  return new Map([...pages, ...[...files].map(([name, asset]) => [`/accounts/${name}`, asset] as const)])
}

function pageText({ root, title, main }: Page, address: (name: FileName) => string): string {
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Tenon · ${title}</title>
<link rel="icon" type="image/svg+xml" href="${root}${address('icon.svg')}">
<link rel="stylesheet" href="${root}${address('page.css')}">
<script defer src="${root}${address('page.js')}"></script>
</head>
<body>
<main>
<p class="brand"><img src="${root}${address('icon.svg')}" alt="" width="28" height="28"><span>Tenon</span></p>
<h1>${title}</h1>
${main}
<p class="problem" role="alert" hidden></p>
<noscript><p class="problem">This page needs its script to go on.</p></noscript>
</main>
</body>
</html>
`
}
