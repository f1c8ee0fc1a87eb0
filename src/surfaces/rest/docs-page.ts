import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../contract/health.ts'
import { createAsset, type Asset } from './static-asset.ts'
import type { Tag } from './openapi-tags.ts'

/** The API reference in a browser. */
export interface DocsPage {
  /** The page; without a file of that name, null. */
  respond(request: Request, file?: string): Promise<Response | null>
}

/** Nothing but what this server gives; Swagger UI sets styles of elements, and draws arrows from data addresses. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

/** Addresses of files name their content, so that they are kept for good; without that name they are asked for again. */
const KEPT = 'public, max-age=31536000, immutable'
const ASKED_AGAIN = 'no-cache'

const require = createRequire(import.meta.url)
const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

/** The files of Swagger UI are where the package manager has put them, in a checkout and below another package alike. */
const FILES: Readonly<Record<string, { readonly type: string; readonly path: () => string }>> = {
  'swagger-ui.css': { type: STYLE, path: () => require.resolve('swagger-ui-dist/swagger-ui.css') },
  'swagger-ui-bundle.js': { type: SCRIPT, path: () => require.resolve('swagger-ui-dist/swagger-ui-bundle.js') },
  'page.css': { type: STYLE, path: () => besideThis('page.css') },
  'page.js': { type: SCRIPT, path: () => besideThis('page.js') },
  'icon.svg': { type: 'image/svg+xml', path: () => besideThis('icon.svg') },
}

function besideThis(name: string): string {
  return fileURLToPath(new URL(`docs-page/${name}`, import.meta.url))
}

interface Loaded {
  readonly page: Asset
  readonly files: ReadonlyMap<string, Asset>
}

/** @param tags groups of operations, in their order */
export function createDocsPage(tags: readonly Tag[]): DocsPage {
  let loading: Promise<Loaded> | undefined
  const loaded = (): Promise<Loaded> => {
    loading ??= load(tags).catch((error: unknown) => {
      // A file that could not be read now may be there at the next request.
      loading = undefined
      throw error
    })
    return loading
  }
  return {
    respond: async (request, file) => {
      const { page, files } = await loaded()
      if (file === undefined) return page.respond(request)
      const asset = files.get(file)
      if (asset === undefined) return null
      const response = await asset.respond(request)
      if (new URL(request.url).searchParams.get('v') === asset.version) response.headers.set('cache-control', KEPT)
      return response
    },
  }
}

async function load(tags: readonly Tag[]): Promise<Loaded> {
  const headers = { 'content-security-policy': POLICY, 'cache-control': ASKED_AGAIN }
  const files = new Map(
    await Promise.all(
      Object.entries(FILES).map(async ([name, { type, path }]) => {
        const body = await readFile(path())
        return [name, createAsset({ type, body, headers })] as const
      }),
    ),
  )
  const address = (name: string): string => `docs/${name}?v=${files.get(name)?.version ?? ''}`
  const body = Buffer.from(pageText(tags, address))
  return { page: createAsset({ type: 'text/html; charset=utf-8', body, headers }), files }
}

/** Addresses are relative, so that the page stands behind a proxy's prefix as well. */
function pageText(tags: readonly Tag[], address: (name: string) => string): string {
  const groups = tags.map(({ name }) => `<li><a href="#/${encodeURIComponent(name)}">${escape(name)}</a></li>`).join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tenon · API reference</title>
<link rel="icon" type="image/svg+xml" href="${address('icon.svg')}">
<link rel="stylesheet" href="${address('swagger-ui.css')}">
<link rel="stylesheet" href="${address('page.css')}">
<script defer src="${address('swagger-ui-bundle.js')}"></script>
<script defer src="${address('page.js')}"></script>
</head>
<body>
<a class="skip" href="#reference">Skip to the operations</a>
<header class="bar">
<a class="brand" href="docs"><img src="${address('icon.svg')}" alt="" width="24" height="24"><span>Tenon</span></a>
<span class="what">API reference</span>
<span class="version">${escape(VERSION)}</span>
<nav class="links" aria-label="Documents"><a href="openapi.json">OpenAPI</a><a href="openapi.json" download="tenon-openapi.json">Download</a></nav>
</header>
<div class="frame">
<nav class="groups" aria-label="Groups of operations"><ul>${groups}</ul></nav>
<main id="reference" tabindex="-1">
<h1>API reference</h1>
<h2 class="unseen">Operations</h2>
<div id="ui"><p class="waiting" role="status">Loading the reference …</p></div>
<noscript><p>The reference is drawn by a script. Without one, <a href="openapi.json">openapi.json</a> has all of it.</p></noscript>
</main>
</div>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
