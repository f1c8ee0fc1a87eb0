import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addRepository, deleteRepository, getRepository } from '../../src/contract/code.ts'
import { getRun, isEnded } from '../../src/contract/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makeRepository } from '../support/git-repository.ts'
import { programsOn, type Program, type Programs } from '../support/serve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onboard } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = temporaryFolder('logs')
const env = { TENON_DATA_DIR: join(folder.path, 'data'), TENON_LOCAL_REPOS: folder.path }
let database: TestDatabase
let programs: Programs
let api: Program
let quiet: Program
let worker: Program

beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
  api = await programs.serve({ ...env, LOG_LEVEL: 'info' })
  quiet = await programs.serve({ ...env, LOG_LEVEL: 'silent' })
  worker = await programs.worker({ ...env, LOG_LEVEL: 'error' })
}, 120_000)
afterAll(async () => {
  await programs.end()
  await database.close()
  folder.remove()
})

type Line = Readonly<Record<string, unknown>>

function linesOf({ output }: Program): Line[] {
  const lines = output().split('\n')
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line)
}

/** Lines are written together, a tenth of a second late. */
async function lineOf(program: Program, fits: (line: Line) => boolean): Promise<Line | undefined> {
  await waitFor(async () => linesOf(program).some(fits), 10_000)
  return linesOf(program).find(fits)
}

it('a line says which call, run and repository it is about, in snake_case, at the level of its process', async () => {
  const { client, apiKey, slug } = await onboard(api.url, 'logged-organisation')
  const source = makeRepository(join(folder.path, 'app'), { 'a.ts': 'export const lighthouse = 1\n' })
  const { data: added } = await client.call(addRepository, { source })
  const indexed = async (run: string) => isEnded((await client.call(getRun, { run })).data.status)
  await waitFor(() => indexed(added.run.id), 30_000)
  await client.call(getRepository, { repository: 'app' })
  expect(await lineOf(api, ({ operation }) => operation === 'repositories.get')).toMatchObject({
    level: 'info',
    request_id: expect.stringMatching(/^.{8,}$/) as unknown,
    org: expect.stringMatching(/^org_/) as unknown,
    actor: expect.stringMatching(/^key_/) as unknown,
    repository: 'app',
    status: 200,
    elapsed_ms: expect.any(Number) as unknown,
    msg: 'done',
  })

  const unknown = await fetch(`${api.url}/v1/repositories/${slug}/never-added`, { headers: { 'x-api-key': apiKey } })
  expect(unknown.status).toBe(404)
  expect(await lineOf(api, ({ repository }) => repository === 'never-added')).toMatchObject({
    code: 'not_found',
    msg: 'refused',
  })

  expect((await fetch(`${quiet.url}/v1/me`, { headers: { 'x-api-key': apiKey } })).status).toBe(200)
  for (const program of [api, quiet, worker])
    for (const line of linesOf(program))
      expect(Object.keys(line).filter((name) => !/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name))).toEqual([])
  expect(linesOf(api).length).toBeGreaterThan(5)
  expect(new Set(linesOf(worker).map(({ level }) => level)).difference(new Set(['error'])).size).toBe(0)
  await quiet.stop()
  expect(linesOf(quiet)).toEqual([])
  for (const program of [api, quiet, worker]) expect(program.output()).not.toContain(apiKey)
})

it('a step that fails for what its repository is like says of which run, and is no error of ours', async () => {
  const { client } = await onboard(api.url, 'failing-organisation')
  const source = makeRepository(join(folder.path, 'lost'), { 'a.ts': 'export const lighthouse = 1\n' })
  const stopped = await worker.stop()
  expect(stopped).toBe(0)
  const { data } = await client.call(addRepository, { source })
  rmSync(source, { recursive: true })
  worker = await programs.worker({ ...env, LOG_LEVEL: 'warn' })
  expect(await lineOf(worker, ({ msg }) => msg === 'a step failed')).toMatchObject({
    level: 'warn',
    run_id: data.run.id,
    repository: data.repository.id,
    org: expect.stringMatching(/^org_/) as unknown,
    request_id: expect.stringMatching(/^.{8,}$/) as unknown,
    step: 'plan',
    err: { stack: expect.stringContaining('at ') as unknown },
  })
})

it('what a worker has done says for which call, run or job, organisation and repository', async () => {
  await worker.stop()
  worker = await programs.worker({ ...env, LOG_LEVEL: 'info' })
  const { client } = await onboard(api.url, 'working-organisation')
  const source = makeRepository(join(folder.path, 'worked'), { 'a.ts': 'export const lighthouse = 1\n' })
  const { data } = await client.call(addRepository, { source })
  const finished = await lineOf(worker, ({ msg, step }) => msg === 'a step is done' && step === 'finish')
  const asked = linesOf(api).findLast(({ operation }) => operation === 'repositories.add')
  const about = { level: 'info', org: asked?.['org'], repository: data.repository.id }
  expect(finished).toMatchObject({
    ...about,
    request_id: asked?.['request_id'],
    run_id: data.run.id,
    pipeline: 'git/code/index',
    elapsed_ms: expect.any(Number) as unknown,
  })
  expect(linesOf(worker).map(({ step }) => step)).toEqual(['plan', 'finish'])

  await client.call(deleteRepository, { repository: data.repository.id })
  const purged = await lineOf(worker, ({ msg }) => msg === 'a job is done')
  expect(purged).toMatchObject({
    ...about,
    request_id: linesOf(api).findLast(({ operation }) => operation === 'repositories.delete')?.['request_id'],
    job_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
    job: 'code.purge',
  })
})
