import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createClient } from '../../src/contract/client.ts'
import { revokeToken } from '../../src/contract/issuers.ts'
import { endSession } from '../../src/contract/accounts.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { programsOn, type Program, type Programs } from '../support/serve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { ROOT_KEY } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

/** People of an issuer, on two processes that share nothing but the database. */
const folder = temporaryFolder('issuers')
const SECRET = 'a secret of a project that nobody else knows'
const ISSUER = 'https://project.supabase.co/auth/v1'
let database: TestDatabase
let programs: Programs
let nodes: readonly Program[] = []

beforeAll(async () => {
  writeFileSync(join(folder.path, 'jwt.secret'), SECRET, { mode: 0o600 })
  const app = { name: 'app', kind: 'supabase', issuer: ISSUER, audience: 'authenticated', algorithms: ['HS256'] }
  const file = join(folder.path, 'issuers.json')
  writeFileSync(file, JSON.stringify([{ ...app, secretFile: 'jwt.secret' }]))
  database = await createTestDatabase()
  programs = programsOn(database.url)
  nodes = await Promise.all([1, 2].map(() => programs.serve({ TENON_ISSUERS_FILE: file })))
}, 120_000)
afterAll(async () => {
  await programs.end()
  await database.close()
  folder.remove()
})

function tokenOf(session: string): Promise<string> {
  const claims = { iss: ISSUER, sub: 'somebody', aud: 'authenticated', role: 'authenticated', session_id: session }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET))
}

const statuses = (token: string): Promise<number[]> =>
  Promise.all(
    nodes.map(
      async ({ url }) => (await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status,
    ),
  )

async function refusedWithin(token: string): Promise<number> {
  const began = performance.now()
  await waitFor(async () => (await statuses(token)).every((status) => status === 401), 5_000)
  return performance.now() - began
}

it('a token is refused by both within a second, when the operator revokes it and when its holder signs out', async () => {
  const [one, two, other] = await Promise.all(['one', 'two', 'other'].map(tokenOf))
  for (const token of [one, two, other]) expect(await statuses(token ?? '')).toEqual([200, 200])
  const url = nodes[0]?.url ?? ''
  await createClient({ url, rootKey: ROOT_KEY, fetch }).call(revokeToken, { connection: 'app', jti: 'one' })
  expect(await refusedWithin(one ?? '')).toBeLessThan(1_000)
  await createClient({ url, apiKey: two ?? '', fetch }).call(endSession, {})
  expect(await refusedWithin(two ?? '')).toBeLessThan(1_000)
  expect(await statuses(other ?? '')).toEqual([200, 200])
  expect(await database.query('select from users')).toHaveLength(1)
})
