import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ApiError, createClient, type Client } from '../contract/client.ts'
import { addRepository, listRepositories } from '../contract/code.ts'
import { searchCode } from '../contract/search.ts'
import { ERRORS, type ErrorCode } from '../contract/errors.ts'
import { createSession } from '../contract/accounts.ts'
import { createOrganization, getMe } from '../contract/identity.ts'
import { setLimits } from '../contract/limits.ts'
import { getRun, isEnded, type Run } from '../contract/runs.ts'
import { httpFetch } from '../platform/http/fetch.ts'
import { demoFile, readPrivateFile, writePrivateFile } from './private-file.ts'

interface DemoOptions {
  readonly dataDir: string
  readonly url: string
  readonly rootKey: string
  /** The git repository that Tenon runs from; null when it is none. */
  readonly checkout: string | null
  /** What is typed before the name of a command. */
  readonly command: string
  /** Makes an account whose address needs no mail; the same one for the same address. */
  readonly createUser: (user: { email: string; password: string; name: string }) => Promise<unknown>
  readonly say: (line: string) => void
}

interface NewDemo {
  readonly url: string
  readonly rootKey: string
  readonly person: { readonly email: string; readonly password: string }
}

const ORG = 'demo'
const EMAIL = 'demo@example.com'
const MAX_ORGS = 100
const TAKEN: ReadonlySet<ErrorCode> = new Set(['organization_exists', 'idempotency_key_reused'] as const)
const MAX_SHOWN = 10
const QUERY = 'defineOperation('

/** Through the API, as anyone would: an organisation, its key, the checkout indexed, and a search over it. */
export async function showDemo(options: DemoOptions): Promise<void> {
  const { say, url, checkout } = options
  try {
    const { apiKey, org } = await demoOrg(options)
    const client = createClient({ url, apiKey, org, fetch: httpFetch })
    if (checkout === null) return await showFirst(client, options)
    await indexCheckout(client, checkout, options)
    await showSearch(client, say)
    showNext(options)
  } catch (thrown) {
    const code = thrown instanceof ApiError ? thrown.code : 'internal'
    say(`\nThe demo could not be finished (${code}): ${ERRORS[code].recovery}`)
  }
}

/** That of an earlier start while its key works, else a new one. */
async function demoOrg({ dataDir, url, rootKey, createUser }: DemoOptions): Promise<{ apiKey: string; org: string }> {
  const file = join(dataDir, 'demo.json')
  const kept = readPrivateFile(file, demoFile)
  if (kept !== null && (await works(url, kept.apiKey))) {
    if (kept.url !== url || kept.rootKey !== rootKey) writePrivateFile(file, { ...kept, url, rootKey })
    return kept
  }
  const person = { email: EMAIL, password: randomBytes(18).toString('base64url') }
  await createUser({ ...person, name: 'Demo' })
  const made = { url, rootKey, ...person, ...(await onboardDemo({ url, rootKey, person })) }
  writePrivateFile(file, made)
  return made
}

async function works(url: string, apiKey: string): Promise<boolean> {
  return createClient({ url, apiKey, fetch: httpFetch })
    .call(getMe, {})
    .then(
      () => true,
      // However the key fails, another one is made.
      () => false,
    )
}

/**
 * A start that was killed before it wrote the file is gone on with, by the same Idempotency-Key. When that was too long
 * ago, or the key was revoked, the next demo has a number.
 */
async function onboardDemo({ url, rootKey, person }: NewDemo): Promise<{ org: string; apiKey: string }> {
  const operator = createClient({ url, rootKey, fetch: httpFetch })
  const { session } = (await createClient({ url, fetch: httpFetch }).call(createSession, person)).data
  if (typeof session?.token !== 'string') throw new Error('the owner of the demo has a second factor')
  const owner = createClient({ url, apiKey: session.token, fetch: httpFetch })
  for (let n = 1; ; n++) {
    const slug = n === 1 ? ORG : `${ORG}-${n}`
    try {
      const idempotencyKey = `onboard-${slug}`
      const { data } = await owner.call(createOrganization, { slug, name: 'Demo' }, { idempotencyKey })
      await operator.call(setLimits, { org: slug, plan: 'team' })
      if (await works(url, data.apiKey.secret)) return { org: slug, apiKey: data.apiKey.secret }
    } catch (thrown) {
      const taken = thrown instanceof ApiError && TAKEN.has(thrown.code)
      if (!taken || n === MAX_ORGS) throw thrown
    }
  }
}

async function indexCheckout(client: Client, checkout: string, { command, say }: DemoOptions): Promise<void> {
  const began = performance.now()
  const { data } = await client.call(addRepository, { source: checkout, name: 'tenon' })
  let run: Run = data.run
  while (!isEnded(run.status)) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    run = (await client.call(getRun, { run: run.id })).data
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (run.status !== 'succeeded')
    return say(
      `\nIndexing this checkout ${run.status}: ${run.error?.message ?? ''} See: ${command} runs logs ${run.id}`,
    )
  const { files, blobsRead, blobsReused, commit } = run.summary ?? {}
  say(
    `\nIndexed this checkout at ${String(commit).slice(0, 12)} in ${seconds} s: ${files} files, ${blobsRead} read, ${blobsReused} known before.`,
  )
}

async function showSearch(client: Client, say: (line: string) => void): Promise<void> {
  const { data } = await client.call(searchCode, { q: QUERY, limit: 5 })
  say(`\nA search for "${QUERY}": ${data.total} lines in ${data.tookMs} ms`)
  const width = Math.max(0, ...data.matches.map(({ path, line }) => `${path}:${line}`.length))
  for (const { path, line, snippet } of data.matches)
    say(`  ${`${path}:${line}`.padEnd(width)}  ${snippet.trim().slice(0, 80)}`)
}

function showNext({ command, url, say }: DemoOptions): void {
  say(`
Try next, in another terminal:
  ${command} search "TenonError" --limit 10
  ${command} deps src/kernel/cursor.ts
  ${command} impact --symbols src/kernel/cursor.ts:decodeCursor
  ${command} repos add owner/name --wait
  ${command} doctor
${ending(url)}`)
}

/** Where there is no checkout to show: the way to the first repository, or to more of them. */
async function showFirst(client: Client, { command, dataDir, url, say }: DemoOptions): Promise<void> {
  const { data } = await client.call(listRepositories, { limit: MAX_SHOWN })
  const known = data.map(({ name, status }) => `  ${name} (${status})`)
  if (known.length > 0) say(`\nRepositories of the organisation demo:\n${known.join('\n')}`)
  say(`
${known.length > 0 ? 'Go on' : 'Index your first repository'}, in another terminal:
  ${command} repos add owner/name --wait         from GitHub; a private one with --token
  ${command} repos add https://… --wait          from any other host
  ${command} search "TODO" --limit 10
  ${command} deps path/to/file                   what depends on a file
  ${command} impact                              what the change in this working tree affects
  ${command} doctor                              finds what is wrong, says what to do
A folder on this machine is indexed when TENON_LOCAL_REPOS names it at the start.
The key of the demo and the password of its owner are in ${join(dataDir, 'demo.json')}; the commands read the key by themselves.
${ending(url)}`)
}

function ending(url: string): string {
  return `An agent connects to ${url}/mcp with the header "Authorization: Bearer <apiKey of demo.json>".
Ctrl-C stops everything.`
}
