import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../contract/index.ts'
import { fieldsOf, type Operation } from '../../contract/operation.ts'
import { ROLES, type Role } from '../../contract/roles.ts'
import { ALL_SCOPES, SCOPES, type Scope } from '../../contract/scopes.ts'
import { addMember } from '../../../test/support/add-member.ts'
import { startTestNode, type TestNode } from '../../../test/support/node.ts'
import { newPerson, type TestPerson } from '../../../test/support/person.ts'

const roles = Object.keys(ROLES) as Role[]
const people = new Map<Role, TestPerson>()
let node: TestNode

beforeAll(async () => {
  node = await startTestNode()
  await node.onboard('matrix')
  for (const role of roles) {
    const person = (await newPerson(node, `an-${role}`)).in('matrix')
    people.set(role, person)
    await addMember(node.database, 'matrix', { id: person.id, role })
  }
}, 60_000)
afterAll(() => node.close())

/** Every path is whole, and leads to nothing that is there. */
function inputOf(operation: Operation): Record<string, string> {
  const params = [...fieldsOf(operation)].filter(([field, part]) => part === 'params' && field !== 'org')
  return Object.fromEntries(params.map(([field]) => [field, 'nothing-of-this-name']))
}

const guarded = OPERATIONS.filter(
  (operation): operation is Operation & { readonly scope: Scope } =>
    operation.auth === 'key' && operation.scope !== null,
)

describe('a role', () => {
  it('is tried with operations of every scope but those that none needs', () => {
    const tried = new Set(guarded.map(({ scope }) => scope))
    expect(ALL_SCOPES.filter((scope) => !tried.has(scope))).toEqual([])
    expect(guarded.length).toBeGreaterThan(40)
  })

  for (const role of roles) {
    it(`opens the operations of its scopes, and no other: ${role}`, async () => {
      const outcomes: [string, boolean][] = []
      for (const operation of guarded) {
        const outcome = await people.get(role)?.outcome(operation, inputOf(operation))
        const details = outcome?.ok === false ? outcome.envelope.error.details : undefined
        const refused = outcome?.ok === false && outcome.code === 'forbidden' && details?.['scope'] === operation.scope
        outcomes.push([operation.name, !refused])
      }
      const expected = guarded.map(({ name, scope }) => [name, (ROLES[role] as readonly Scope[]).includes(scope)])
      expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(expected))
    }, 60_000)
  }

  it('has all that those below it have', () => {
    for (const [i, role] of roles.entries())
      for (const lower of roles.slice(i + 1))
        expect(ROLES[lower].filter((scope) => !(ROLES[role] as readonly Scope[]).includes(scope))).toEqual([])
  })
})

it('the guide shows every scope with the roles that have it', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/guide/members.md', import.meta.url)), 'utf8')
  const expected = ALL_SCOPES.map((scope) => {
    const marks = roles.map((role) => ((ROLES[role] as readonly Scope[]).includes(scope) ? 'yes' : '–'))
    return `| \`${scope}\` | ${SCOPES[scope]} | ${marks.join(' | ')} |`
  })
  const rows = page.split('\n').filter((line) => /^\| `[a-z-]+:[a-z]+`/.test(line))
  expect(rows).toEqual(expected)
})
