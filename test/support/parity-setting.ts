import { join } from 'node:path'
import { createCheckout } from '../../src/contract/billing.ts'
import { addRepository } from '../../src/contract/code.ts'
import { createProject } from '../../src/contract/projects.ts'
import { cancelRun, getRun, isEnded, listRuns } from '../../src/contract/runs.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { startSandboxOnly } from './billing.ts'
import { chargedRun } from './charged-run.ts'
import { makeRepository } from './git-repository.ts'
import { heldPipeline } from './held-pipeline.ts'
import { STAFF } from './issuers.ts'
import { startTestNode, type TestNode, type TestOrg } from './node.ts'
import { plantedFinding } from './planted-finding.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

export type Input = Readonly<Record<string, unknown>>

/** An organisation that has something of everything, so that every operation finds what it asks for. */
export interface ParitySetting {
  readonly node: TestNode
  readonly org: TestOrg
  /** Address of the repository that is indexed. */
  readonly source: string
  /** What fields are given, by name, perhaps after that of an operation. */
  readonly known: Input
  /** Ends what a test has started, so that it does not move under the next. */
  settle(): Promise<void>
  close(): Promise<void>
}

export const HELD = heldPipeline('test/parity/held')
export const NIGHTLY = { name: 'nightly', pipeline: 'git/code/index', input: { repository: 'app' }, cron: '0 4 * * *' }

export async function startParitySetting(): Promise<ParitySetting> {
  const folder = temporaryFolder('parity')
  const stripe = await startSandboxOnly()
  const node = await startTestNode({
    stripe: stripe.settings,
    localRepos: [folder.path],
    pipelines: [HELD],
    issuers: STAFF,
  })
  const org = await node.onboard('parity')
  const source = makeRepository(join(folder.path, 'app'), {
    a: 'needle\n',
    'src/core.ts': 'export const needle = 1\n',
    'src/user.ts': "import { needle } from './core.ts'\nexport const user = needle\n",
  })
  const added = await org.call(addRepository, { source })
  await endOf(org, added.run.id)
  const known = await knownIn({ node, org, source, repository: added.repository.id, run: added.run.id })
  return {
    node,
    org,
    source,
    known,
    settle: async () => {
      const runs = await org.call(listRuns, {})
      for (const { id, status, pipeline } of runs)
        if (pipeline === HELD.id && !isEnded(status)) await org.call(cancelRun, { run: id })
      await waitFor(async () => (await org.call(listRuns, {})).every(({ status }) => isEnded(status)), 20_000)
    },
    close: async () => {
      await node.close()
      await stripe.sandbox.close()
      folder.remove()
    },
  }
}

interface Indexed extends Pick<ParitySetting, 'node' | 'org' | 'source'> {
  readonly repository: string
  readonly run: string
}

async function knownIn({ node, org, source, repository, run }: Indexed): Promise<Input> {
  const { id } = await org.call(createSchedule, NIGHTLY)
  const project = await org.call(createProject, { name: 'storefront' })
  await node.database.query(
    `insert into stripe_events (id, type, livemode, created_at, state, reason, tries, next_try_at, handled_at)
     values ('evt_parity', 'a.type', false, now(), 'done', 'not_handled', 1, null, now())`,
  )
  return {
    ...NIGHTLY,
    source,
    schedule: id,
    finding: await plantedFinding(node, org),
    project: project.id,
    repository,
    run,
    session: (await org.call(createCheckout, { pack: 'small' })).id,
    event: 'evt_parity',
    plan: 'solo',
    q: 'needle',
    path: 'a',
    'dependencies.search path': 'src/core.ts',
    'credits.statement run': await chargedRun(node.database, org.slug, 20),
    'credits.grant amount': 5,
    files: ['src/core.ts', 'none.ts'],
    // The command ends with 1 when a plan has errors.
    spec: {
      create: [{ path: 'src/new.ts', imports: ['./core.ts'] }],
      symbols: [{ name: 'needle', path: 'src/core.ts' }],
    },
    name: 'app',
    org: org.slug,
  }
}

export function endOf(org: TestOrg, run: string): Promise<void> {
  return waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)
}
