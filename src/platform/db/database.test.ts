import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import { statement } from '../../kernel/statement.ts'

const slugs = statement<object, { orgId: OrgId; slug: string }>('test.slugs', 'select org_id, slug from organizations')
const setting = statement<object, { org: string | null }>(
  'test.setting',
  "select current_setting('app.org_id', true) as org",
)
const divide = statement<{ by: number }, { n: number }>('test.divide', 'select 1 / :by::int as n')
const broken = statement<object, object>('test.broken', 'select nothing_such')
const insertKey = statement<{ org: string; id: string; sha: Buffer }, object>(
  'test.insertKey',
  `insert into api_keys (org_id, id, name, hint, secret_sha256, scopes, created_at, created_by)
   values (:org, :id, 'n', 'h', :sha, '{}', now(), 'test')`,
)
const touchRuns = statement<object, { n: number }>('test.touchRuns', 'select count(*) as n from runs')

let test: TestDatabase
const a = newId('org')
const b = newId('org')

beforeAll(async () => {
  test = await createTestDatabase({ poolSize: 2 })
  await test.query('insert into organizations values ($1, $2, $2, now()), ($3, $4, $4, now())', [a, 'aa', b, 'bb'])
})
afterAll(() => test.close())

describe('an organisation', () => {
  it('sees its own rows only, in a read and in a transaction', async () => {
    expect(await test.db.tenant(a).read.run(slugs, {})).toEqual([{ orgId: a, slug: 'aa' }])
    expect(await test.db.tenant(b).write((sql) => sql.run(slugs, {}))).toEqual([{ orgId: b, slug: 'bb' }])
  })

  it('can not write a row of another', async () => {
    const foreign = { org: b, id: newId('key'), sha: Buffer.from('1') }
    await expect(test.db.tenant(a).write((sql) => sql.run(insertKey, foreign))).rejects.toMatchObject({ code: '42501' })
    await expect(test.db.tenant(a).read.run(insertKey, foreign)).rejects.toMatchObject({ code: '42501' })
  })

  it('is refused when its id is not one', () => {
    expect(() => test.db.tenant("org_' or true --")).toThrow('not the id')
  })
})

describe('the setting of a tenant', () => {
  it('ends with the query, after success and after every kind of error', async () => {
    const unscoped = () => test.db.cross('auth', (sql) => sql.run(setting, {}))
    const app = test.db.tenant(a).read
    for (let round = 0; round < 4; round++) {
      expect(await app.run(setting, {})).toEqual([{ org: a }])
      await expect(app.run(divide, { by: 0 })).rejects.toMatchObject({ code: '22012' })
      await expect(app.run(broken, {})).rejects.toMatchObject({ code: '42703' })
      expect(await app.run(divide, { by: 1 })).toEqual([{ n: 1 }])
    }
    expect([null, '']).toContain((await unscoped())[0]?.org)
  })

  it('never reaches another call while 2,000 interleave on two connections', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 2000 }, async (_, i) => {
        const org = i % 2 === 0 ? a : b
        if (i % 7 === 0)
          await test.db
            .tenant(org)
            .read.run(divide, { by: 0 })
            .catch(() => {})
        const rows =
          i % 3 === 0
            ? await test.db.tenant(org).write((sql) => sql.run(slugs, {}))
            : await test.db.tenant(org).read.run(slugs, {})
        return rows.length === 1 && rows[0]?.orgId === org
      }),
    )
    expect(outcomes.filter((right) => !right)).toEqual([])
  })
})

describe('a transaction', () => {
  it('is undone when the work throws', async () => {
    const key = { org: a, id: newId('key'), sha: Buffer.from('2') }
    const work = test.db.tenant(a).write(async (sql) => {
      await sql.run(insertKey, key)
      throw new Error('no')
    })
    await expect(work).rejects.toThrow('no')
    expect(await test.query('select from api_keys where id = $1', [key.id])).toEqual([])
  })

  it('whose connection is lost fails as unavailable, and the process and the pool live on', async () => {
    const pid = statement<object, { pid: number }>('test.pid', 'select pg_backend_pid() as pid')
    const end = (of: number) => test.query('select pg_terminate_backend($1)', [of])
    for (let i = 0; i < 3; i++) {
      const lost = test.db.tenant(a).write(async (sql) => {
        await end((await sql.run(pid, {}))[0]?.pid ?? 0)
        // The end may be told while nothing is asked.
        await new Promise((resolve) => setTimeout(resolve, 50))
        return sql.run(slugs, {})
      })
      await expect(lost).rejects.toMatchObject({ code: 'unavailable' })
    }
    expect(await test.db.tenant(a).read.run(slugs, {})).toHaveLength(1)
  })

  it('fails when an error of a statement was passed over', async () => {
    const work = test.db.tenant(a).write(async (sql) => void (await sql.run(divide, { by: 0 }).catch(() => {})))
    await expect(work).rejects.toThrow('passed over')
  })

  it('of the engine does a part as a tenant and is the engine again after it, also after an error', async () => {
    await test.db.cross('engine', async (tx) => {
      expect(await tx.asTenant(a, (sql) => sql.run(slugs, {}))).toEqual([{ orgId: a, slug: 'aa' }])
      await expect(tx.asTenant(b, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
      expect(await tx.run(touchRuns, {})).toEqual([{ n: 0 }])
      expect(await tx.run(setting, {})).toEqual([{ org: '' }])
    })
    await expect(test.db.cross('engine', (tx) => tx.run(slugs, {}))).rejects.toMatchObject({ code: '42501' })
  })
})
