import pg from 'pg'
import { createClient } from '../../src/contract/client.ts'
import { onboardOrganization } from '../../src/contract/identity.ts'
import { newId } from '../../src/kernel/ids.ts'

export interface Fixture {
  /** Of the run, on both servers. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly runId: string
}

/** An organisation without a limit that the load could meet, and one run of it that has ended. */
export async function makeFixture(options: {
  readonly url: string
  readonly rootKey: string
  readonly databaseUrl: string
}): Promise<Fixture> {
  const operator = createClient({ url: options.url, rootKey: options.rootKey, fetch })
  const { data } = await operator.call(onboardOrganization, { slug: 'bench', name: 'Bench' })
  await raiseLimits(options, data.org.id)
  const runId = newId('run')
  await insertRun(options.databaseUrl, data.org.id, runId)
  return {
    path: `/v1/runs/${data.org.id}/${runId}`,
    headers: { authorization: `Bearer ${data.apiKey.secret}` },
    runId,
  }
}

async function raiseLimits({ url, rootKey }: { url: string; rootKey: string }, org: string): Promise<void> {
  const answer = await fetch(`${url}/v1/limits/${org}`, {
    method: 'PATCH',
    headers: { 'x-root-key': rootKey, 'content-type': 'application/json' },
    body: JSON.stringify({ callsPerHour: 100_000_000, callsPerDay: 100_000_000 }),
  })
  // Until there are limits, there is no such address.
  const isAbsent = answer.status === 404 || answer.status === 405
  if (!answer.ok && !isAbsent) throw new Error(`the limits can not be raised: ${await answer.text()}`)
}

async function insertRun(databaseUrl: string, org: string, id: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into runs (org_id, id, pipeline, status, subject, input, summary, request_id, created_by, chunks_total,
         chunks_done, max_active, started_at, ended_at)
       values ($1, $2, 'git/code/index', 'succeeded', $3, '{}', $4, $5, 'bench', 12, 12, 4, now(), now())`,
      [org, id, newId('repo'), { files: 3089, blobs: 2870, bytes: 33_154_436 }, newId('req')],
    )
  } finally {
    await client.end()
  }
}
