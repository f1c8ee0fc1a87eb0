import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addRepository } from '../../src/contract/code.ts'
import { createProject } from '../../src/contract/projects.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { createApiKey } from '../../src/contract/identity.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { getRun, isEnded, listRuns } from '../../src/contract/runs.ts'
import { makeRepository } from '../support/git-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { requiredFields, surfacesOf, type Answer, type Raw, type Surfaces } from '../support/surfaces.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

/** Walks every operation over every surface that it declares, and compares answers and error codes. */
const folder = temporaryFolder('parity')
let node: TestNode
let org: TestOrg
let surfaces: Surfaces
let known: Record<string, unknown>
let made = 0

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('parity')
  surfaces = surfacesOf(node, org)
  const source = makeRepository(join(folder.path, 'app'), {
    a: 'needle\n',
    'src/core.ts': 'export const needle = 1\n',
    'src/user.ts': "import { needle } from './core.ts'\nexport const user = needle\n",
  })
  const { repository, run } = await org.call(addRepository, { source })
  await waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
  const schedule = { name: 'nightly', pipeline: 'git/code/index', input: { repository: 'app' }, cron: '0 4 * * *' }
  const { id } = await org.call(createSchedule, schedule)
  const project = await org.call(createProject, { name: 'storefront' })
  known = {
    ...schedule,
    source,
    schedule: id,
    project: project.id,
    repository: repository.id,
    run: run.id,
    q: 'needle',
    path: 'a',
    'dependencies.search path': 'src/core.ts',
    files: ['src/core.ts', 'none.ts'],
    // The command ends with 1 when a plan has errors.
    spec: {
      create: [{ path: 'src/new.ts', imports: ['./core.ts'] }],
      symbols: [{ name: 'needle', path: 'src/core.ts' }],
    },
    name: 'app',
    org: org.slug,
  }
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

/** What one test has started must not move under the next. */
beforeEach(() => waitFor(async () => (await org.call(listRuns, {})).every(({ status }) => isEnded(status)), 20_000))

const VARYING = [
  'requestId',
  'tookMs',
  'secret',
  'hint',
  'createdAt',
  'updatedAt',
  // Of two calls that make it so, the first.
  'changed',
  'revokedAt',
  'latestRun',
  'lastUsedAt',
  'used',
  'nextAt',
]
/** Of a run that an operation has just started, and that goes on meanwhile. */
const MOVING = ['status', 'progress', 'startedAt', 'endedAt', 'waiting', 'summary', 'indexedAt']

/** An answer without what differs from call to call. */
function steady({ text }: Raw, { status }: Operation): unknown {
  const dropped = status === 202 ? [...VARYING, ...MOVING] : VARYING
  const kept = JSON.stringify(JSON.parse(text), (key, value: unknown) => (dropped.includes(key) ? undefined : value))
  return JSON.parse(kept.replaceAll(/(?:run|key|schedule|proj)_[0-9a-z]{26}|(?:schedule|project)-\d+/g, 'id'))
}

/** Valid input of an operation, from what is known; a key is made for each call that takes one. */
async function inputOf(operation: Operation): Promise<Record<string, unknown>> {
  const required = requiredFields(operation)
  const fields = required.map(
    (field) => [field, known[`${operation.name} ${field}`] ?? known[field] ?? `a-${field}`] as const,
  )
  if (operation.name === 'schedules.create') return { ...Object.fromEntries(fields), name: `schedule-${made++}` }
  if (operation.name === 'projects.create') return { ...Object.fromEntries(fields), name: `project-${made++}` }
  if (operation.name === 'projects.update') return { ...Object.fromEntries(fields), description: 'the shop' }
  if (!required.includes('key')) return Object.fromEntries(fields)
  return { ...Object.fromEntries(fields), key: (await org.call(createApiKey, { name: 'of a test' })).id }
}

const errorCode = ({ text }: Raw): string | false => {
  const answer = JSON.parse(text) as Answer
  return 'error' in answer && answer.error.code
}

/** The one run that is known has ended well: these refuse it, on every surface alike. */
const REFUSED: Readonly<Record<string, string>> = {
  'runs.pause': 'run_ended',
  'runs.resume': 'run_ended',
  'runs.retry': 'nothing_to_retry',
}

describe('every operation', () => {
  const repeatable = OPERATIONS.filter(
    ({ name, kind, params, destructive }) =>
      kind === 'json' &&
      name !== 'organizations.onboard' &&
      (!destructive || Object.keys(params.shape).includes('key')),
  )
  for (const operation of repeatable) {
    it(`${operation.name} gives the same answer on every surface`, async () => {
      const answers = await surfaces.call(operation, () => inputOf(operation))
      const [first] = answers
      const expected = REFUSED[operation.name] ?? false
      for (const answer of answers) expect([answer.surface, errorCode(answer)]).toEqual([answer.surface, expected])
      for (const answer of answers)
        expect([answer.surface, steady(answer, operation)]).toEqual([
          answer.surface,
          steady(first ?? answer, operation),
        ])
    })
  }

  for (const operation of OPERATIONS.filter(({ query }) => 'limit' in query.shape)) {
    it(`${operation.name} refuses a limit out of range with the same code on every surface`, async () => {
      const answers = await surfaces.call(operation, async () => ({ ...(await inputOf(operation)), limit: 5000 }))
      for (const answer of answers)
        expect([answer.surface, errorCode(answer)]).toEqual([answer.surface, 'validation_failed'])
    })
  }
})
