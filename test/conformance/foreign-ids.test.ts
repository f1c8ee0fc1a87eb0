import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository } from '../../src/contract/code.ts'
import { getMe } from '../../src/contract/identity.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import { fieldsOf, type Operation } from '../../src/contract/operation.ts'
import { createInvitation } from '../../src/contract/members.ts'
import { createProject } from '../../src/contract/projects.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { getRun, isEnded } from '../../src/contract/runs.ts'
import { createCheckout } from '../../src/contract/billing.ts'
import { addMember } from '../support/add-member.ts'
import { startSandboxOnly } from '../support/billing.ts'
import { makeRepository } from '../support/git-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { REQUEST_ID, requiredFields, surfacesOf, type Raw, type Surfaces } from '../support/surfaces.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

/** Asks for what another organisation has: nothing in the answer may tell it from what nobody has. */
const folder = temporaryFolder('foreign')
let stripe: Awaited<ReturnType<typeof startSandboxOnly>>
let node: TestNode
let surfaces: Surfaces
let own: Record<string, string>
let foreign: Record<string, string>

const NOBODYS: Record<string, readonly string[]> = {
  org: ['no-such-organisation', 'org_00000000000000000000000000'],
  repository: ['no-such-repository', 'repo_00000000000000000000000000'],
  run: ['run_00000000000000000000000000', 'x'],
  key: ['key_00000000000000000000000000', 'x'],
  schedule: ['schedule_00000000000000000000000000', 'x'],
  project: ['no-such-project', 'proj_00000000000000000000000000'],
  member: ['user_00000000000000000000000000', 'x'],
  invitation: ['invite_00000000000000000000000000', 'x'],
  session: ['cs_test_00000000000000000000', 'x'],
}

/** What is answered where an id is a filter. */
const FILTERED: Readonly<Record<string, string>> = { 'runs.cancelMany': 'cancelled', 'credits.entries': 'data\\":[]' }

/** What a text can not stand for. */
const SHAPED: Record<string, unknown> = {
  role: 'viewer',
  plan: 'solo',
  files: ['a'],
  spec: { create: [{ path: 'b' }] },
}

beforeAll(async () => {
  stripe = await startSandboxOnly()
  node = await startTestNode({ stripe: stripe.settings, localRepos: [folder.path] })
  const [mine, others] = [await node.onboard('mine'), await node.onboard('others')]
  surfaces = surfacesOf(node, mine)
  own = await thingsOf(mine)
  foreign = await thingsOf(others)
})
afterAll(async () => {
  await node.close()
  await stripe.sandbox.close()
  folder.remove()
})

async function thingsOf(org: TestOrg): Promise<Record<string, string>> {
  const source = makeRepository(join(folder.path, `code-of-${org.slug}`), { a: 'needle\n' })
  const { repository, run } = await org.call(addRepository, { source })
  await waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
  const me = await org.call(getMe, {})
  const { name } = repository
  const nightly = {
    name: `nightly-${org.slug}`,
    pipeline: 'git/code/index',
    input: { repository: name },
    cron: '0 4 * * *',
  }
  const { id: schedule } = await org.call(createSchedule, nightly)
  const project = await org.call(createProject, { name: `project-of-${org.slug}` })
  const { id: invitation } = await org.call(createInvitation, { email: `guest-of-${org.slug}@example.com` })
  return {
    session: (await org.call(createCheckout, { pack: 'small' })).id,
    member: await addMember(node.database, org.slug),
    invitation,
    org: me.org?.id ?? '',
    slug: org.slug,
    repository: repository.id,
    name,
    run: run.id,
    key: me.apiKey?.id ?? '',
    source,
    q: 'a',
    schedule,
    project: project.id,
    projectName: project.name,
  }
}

function inputOf(operation: Operation): Record<string, unknown> {
  const required = requiredFields(operation)
  const fields = Object.fromEntries(required.map((field) => [field, own[field] ?? SHAPED[field] ?? `a-${field}`]))
  return operation.name === 'projects.update' ? { ...fields, description: 'a description' } : fields
}

/** Only on the command line is the request named by the program itself. */
const bytes = ({ text, around }: Raw): unknown => ({ text: text.replace(/"requestId":"[^"]*"/, ''), around })

describe("another organisation's things", () => {
  // The root key is the operator's, whose organisations they all are.
  for (const operation of OPERATIONS.filter(({ auth }) => auth === 'key')) {
    for (const field of [...fieldsOf(operation).keys()].filter((name) => Object.hasOwn(NOBODYS, name))) {
      it(`are not found by ${operation.name}, in the very bytes of what does not exist: ${field}`, async () => {
        const names = {
          org: [foreign['org'], foreign['slug']],
          repository: [foreign['repository'], foreign['name']],
          project: [foreign['project'], foreign['projectName']],
        }
        const theirs = Object.hasOwn(names, field) ? names[field as keyof typeof names] : [foreign[field]]
        const ask = (value: unknown) => surfaces.call(operation, () => ({ ...inputOf(operation), [field]: value }))
        const expected = (await ask(NOBODYS[field]?.[0])).map(bytes)
        // A filter of nothing finds nothing; what is asked for by name is not found.
        expect(JSON.stringify(expected[0])).toContain(
          field === 'org' ? 'not_found' : (FILTERED[operation.name] ?? 'not_found'),
        )
        expect(expected.length).toBeGreaterThan(0)
        for (const value of [...(NOBODYS[field] ?? []), ...theirs]) {
          const answers = await ask(value)
          expect(answers.map(bytes)).toEqual(expected)
          const [rest] = answers
          expect(JSON.stringify(rest?.around)).toContain(REQUEST_ID)
          for (const { text } of answers)
            expect(Object.values(foreign).filter((told) => told.length > 3 && text.includes(told))).toEqual([])
        }
      })
    }
  }
})
