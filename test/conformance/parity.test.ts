import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { addRepository } from '../../src/contract/code.ts'
import { createApiKey } from '../../src/contract/identity.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { createProject } from '../../src/contract/projects.ts'
import { pauseRun } from '../../src/contract/run-control.ts'
import { cancelRun, getRun, isEnded, listRuns, startRun } from '../../src/contract/runs.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { ALL_SCOPES, type Scope } from '../../src/contract/scopes.ts'
import { makeRepository } from '../support/git-repository.ts'
import { heldPipeline } from '../support/held-pipeline.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { REQUEST_ID, requiredFields, surfacesOf, type Answer, type Raw } from '../support/surfaces.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { tracesOf, type Traces } from '../support/traces.ts'
import { waitFor } from '../support/wait-for.ts'

/** Walks every operation over every surface that it stands on, and compares answer, error code, audit entry and what is counted. */
const folder = temporaryFolder('parity')
const HELD = heldPipeline('test/parity/held')
const NIGHTLY = { name: 'nightly', pipeline: 'git/code/index', input: { repository: 'app' }, cron: '0 4 * * *' }
let node: TestNode
let org: TestOrg
let repository: string
let source: string
let known: Record<string, unknown>
let made = 0

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path], pipelines: [HELD] })
  org = await node.onboard('parity')
  source = makeRepository(join(folder.path, 'app'), {
    a: 'needle\n',
    'src/core.ts': 'export const needle = 1\n',
    'src/user.ts': "import { needle } from './core.ts'\nexport const user = needle\n",
  })
  const added = await org.call(addRepository, { source })
  repository = added.repository.id
  await endOf(added.run.id)
  const { id } = await org.call(createSchedule, NIGHTLY)
  const project = await org.call(createProject, { name: 'storefront' })
  known = {
    ...NIGHTLY,
    source,
    schedule: id,
    project: project.id,
    repository,
    run: added.run.id,
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
afterEach(async () => {
  const runs = await org.call(listRuns, {})
  for (const { id, status, pipeline } of runs)
    if (pipeline === HELD.id && !isEnded(status)) await org.call(cancelRun, { run: id })
  await waitFor(async () => (await org.call(listRuns, {})).every(({ status }) => isEnded(status)), 20_000)
})

const endOf = (run: string): Promise<void> =>
  waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)

async function heldRun(): Promise<string> {
  const { id } = await org.call(startRun, { pipeline: HELD.id, input: { subject: `held-${made++}` } })
  return id
}

type Input = Readonly<Record<string, unknown>>

/** Input of operations that use up, or end, what they work on: made anew for each call. */
const FRESH: Readonly<Record<string, () => Input | Promise<Input>>> = {
  'organizations.onboard': () => ({ slug: `made-${made++}`, name: 'Made' }),
  'apiKeys.rotate': async () => ({ key: await newKey() }),
  'apiKeys.revoke': async () => ({ key: await newKey() }),
  'schedules.create': () => ({ name: `schedule-${made++}` }),
  'schedules.delete': async () => ({
    schedule: (await org.call(createSchedule, { ...NIGHTLY, name: `schedule-${made++}` })).id,
  }),
  'projects.create': () => ({ name: `project-${made++}` }),
  'projects.update': () => ({ description: 'the shop' }),
  'projects.delete': async () => ({ project: (await org.call(createProject, { name: `project-${made++}` })).id }),
  'repositories.delete': async () => {
    const added = await org.call(addRepository, { source, name: `app-${made++}` })
    await endOf(added.run.id)
    return { repository: added.repository.id }
  },
  'runs.pause': async () => ({ run: await heldRun() }),
  'runs.resume': async () => {
    const run = await heldRun()
    await org.call(pauseRun, { run })
    return { run }
  },
  'runs.cancel': async () => ({ run: await heldRun() }),
  'runs.cancelMany': async () => {
    await heldRun()
    return { pipeline: HELD.id }
  },
  'runs.retry': async () => {
    const run = await heldRun()
    await org.call(cancelRun, { run })
    return { run }
  },
}

async function newKey(scopes: readonly Scope[] = ALL_SCOPES): Promise<string> {
  return (await org.call(createApiKey, { name: 'of a test', scopes: [...scopes] })).id
}

function usualInputOf(operation: Operation): Input {
  const fields = requiredFields(operation).map((field) => [
    field,
    known[`${operation.name} ${field}`] ?? known[field] ?? `a-${field}`,
  ])
  return Object.fromEntries(fields)
}

async function inputOf(operation: Operation): Promise<Input> {
  return { ...usualInputOf(operation), ...(await FRESH[operation.name]?.()) }
}

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
  'rotatedAt',
  'latestRun',
  'lastUsedAt',
  'used',
  'nextAt',
  'hash',
  'previousHash',
  'seq',
  'at',
]
/** Of a run that an operation has just started or changed, and that goes on meanwhile. */
const MOVING = ['status', 'progress', 'startedAt', 'endedAt', 'waiting', 'summary', 'indexedAt', 'pausedAt']

/** Without what differs from call to call. */
function steady(value: unknown, { status, name }: Operation): unknown {
  const moves = status === 202 || name.startsWith('runs.')
  const dropped = moves ? [...VARYING, ...MOVING] : VARYING
  const kept = JSON.stringify(value, (key, item: unknown) => (dropped.includes(key) ? undefined : item))
  return JSON.parse(
    kept.replaceAll(/(?:run|key|org|repo|schedule|proj)_[0-9a-z]{26}|(?:schedule|project|made|app|held)-\d+/g, 'id'),
  )
}

const errorCode = ({ text }: Raw): string | false => {
  const answer = JSON.parse(text) as Answer
  return 'error' in answer && answer.error.code
}

/** What each surface answers and leaves behind. */
async function onEach(
  operation: Operation,
  as: () => Promise<{ apiKey: string }>,
  input: () => Input | Promise<Input> = () => inputOf(operation),
): Promise<{ answer: Raw; traces: Traces }[]> {
  const all: { answer: Raw; traces: Traces }[] = []
  for (const [i] of surfacesOf(node, org).of(operation).entries()) {
    const given = await input()
    const ask = surfacesOf(node, { ...org, ...(await as()) }).of(operation)[i]
    if (ask !== undefined) all.push(await tracesOf(node.database, () => ask(given)))
  }
  return all
}

const asOwner = async (): Promise<{ apiKey: string }> => org

async function secretOf(scopes: readonly Scope[]): Promise<{ apiKey: string }> {
  return { apiKey: (await org.call(createApiKey, { name: 'of a test', scopes: [...scopes] })).secret }
}

/** Whom an operation is counted on. */
function countedOn({ auth, rescue }: Operation): Readonly<Record<string, number>> {
  return auth === 'root' ? { root: 1 } : rescue ? { rescue: 1 } : { org: 1 }
}

/** Compares each surface with the first; the message of a failure names the surface. */
function expectAlike(all: readonly { answer: Raw; traces: Traces }[], operation: Operation): void {
  const [first] = all
  const shown = ({ answer, traces }: { answer: Raw; traces: Traces }) => ({
    text: steady(JSON.parse(answer.text), operation),
    // The key that called, where each call has one of its own.
    traces: steady(traces, operation),
  })
  for (const one of all)
    expect({ surface: one.answer.surface, ...shown(one) }).toEqual({
      surface: one.answer.surface,
      ...shown(first ?? one),
    })
}

const asJson = OPERATIONS.filter(({ kind }) => kind === 'json')

describe('every operation, on every surface that it stands on,', () => {
  for (const operation of asJson) {
    it(`gives the same answer, audit entry and count: ${operation.name}`, async () => {
      // A key that takes itself away is another one each time.
      const as = operation.name === 'apiKeys.revokeSelf' ? () => secretOf(ALL_SCOPES) : asOwner
      const all = await onEach(operation, as)
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: false })
        expect({ surface, counted: traces.counted }).toEqual({ surface, counted: countedOn(operation) })
        const expected = operation.audited ? [{ action: operation.name, outcome: 'done', requestId: REQUEST_ID }] : []
        expect({ surface, audit: traces.audit }).toMatchObject({ surface, audit: expected })
        expect(traces.audit).toHaveLength(expected.length)
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ scope }) => scope !== null)) {
    it(`refuses a key without its scope with the same code, entry and count: ${operation.name}`, async () => {
      const others = ALL_SCOPES.filter((scope) => scope !== operation.scope)
      const all = await onEach(operation, () => secretOf(others))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'forbidden' })
        expect({ surface, traces }).toMatchObject({
          surface,
          traces: {
            counted: countedOn(operation),
            audit: [{ action: operation.name, outcome: 'refused', code: 'forbidden' }],
          },
        })
      }
      expectAlike(all, operation)
    })
  }

  for (const operation of asJson.filter(({ query }) => 'limit' in query.shape)) {
    it(`refuses a limit out of range with the same code, entry and count: ${operation.name}`, async () => {
      const all = await onEach(operation, asOwner, async () => ({ ...(await inputOf(operation)), limit: 5000 }))
      for (const { answer, traces } of all) {
        const { surface } = answer
        expect({ surface, code: errorCode(answer) }).toEqual({ surface, code: 'validation_failed' })
        expect({ surface, traces }).toEqual({ surface, traces: { counted: { org: 1 }, audit: [] } })
      }
      expectAlike(all, operation)
    })
  }
})

describe('a key that nobody has', () => {
  it('is refused on every surface with the same code, and counted on its address', async () => {
    for (const operation of asJson.filter(({ auth }) => auth === 'key')) {
      const nobody = async () => ({ apiKey: `tn_live_${'0'.repeat(49)}` })
      for (const { answer, traces } of await onEach(operation, nobody, () => usualInputOf(operation)))
        expect({ operation: operation.name, surface: answer.surface, code: errorCode(answer), traces }).toEqual({
          operation: operation.name,
          surface: answer.surface,
          code: 'invalid_api_key',
          traces: { counted: { anonymous: 1 }, audit: [] },
        })
    }
  })
})
