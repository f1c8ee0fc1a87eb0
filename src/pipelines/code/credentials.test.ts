import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import { insertRepository } from './code.sql.ts'
import { credentialOf, forgetCredential, storeCredential } from './credentials.ts'

const masterKey = 'a master key of a test'
const credential = { username: 'x-access-token', token: 'tk_of-a-test' }
let test: TestDatabase
let org: OrgId
let other: OrgId
beforeAll(async () => {
  test = await createTestDatabase()
  org = newId('org')
  other = newId('org')
  for (const id of [org, other])
    await test.query('insert into organizations values ($1, $2, $2, now())', [id, id.slice(4).toLowerCase()])
})
afterAll(() => test.close())

async function place(of: OrgId, name: string, source = 'https://git.example.org/a/b') {
  const repository: RepositoryId = newId('repo')
  await test.db
    .tenant(of)
    .write((sql) =>
      sql.run(insertRepository, { org: of, id: repository, name, source, ref: null, createdAt: new Date() }),
    )
  return { org: of, repository, source, masterKey }
}

describe('a token that is kept', () => {
  it('is read as it was given, replaced by the next, and forgotten', async () => {
    const kept = await place(org, 'kept')
    const { read: sql } = test.db.tenant(org)
    expect(await credentialOf(sql, kept)).toBeNull()
    await storeCredential(sql, kept, credential)
    expect(await credentialOf(sql, kept)).toEqual(credential)
    await storeCredential(sql, kept, { username: 'other', token: 'another' })
    expect(await credentialOf(sql, kept)).toEqual({ username: 'other', token: 'another' })
    await forgetCredential(sql, kept)
    expect(await credentialOf(sql, kept)).toBeNull()
  })

  it('does not open without the master key, nor with another one', async () => {
    const sealed = await place(org, 'sealed')
    const { read: sql } = test.db.tenant(org)
    await expect(storeCredential(sql, { ...sealed, masterKey: undefined }, credential)).rejects.toMatchObject({
      code: 'master_key_missing',
    })
    await storeCredential(sql, sealed, credential)
    for (const wrong of [undefined, 'another key'])
      await expect(credentialOf(sql, { ...sealed, masterKey: wrong })).rejects.toMatchObject({
        code: 'master_key_missing',
      })
    const rows = await test.query<{ text: string }>(
      `select r::text || encode(sealed, 'escape') as text from repository_credentials r`,
    )
    expect(JSON.stringify(rows)).not.toContain(credential.token)
  })

  it('does not open in another row, for another source, or with another name', async () => {
    const [one, two] = [await place(org, 'one'), await place(org, 'two')]
    const { read: sql } = test.db.tenant(org)
    for (const each of [one, two]) await storeCredential(sql, each, credential)
    await expect(credentialOf(sql, { ...one, source: 'https://evil.example.org/a/b' })).rejects.toMatchObject({
      code: 'master_key_missing',
    })
    await test.query(
      `update repository_credentials c set sealed = o.sealed from repository_credentials o where c.repository_id = $1 and o.repository_id = $2`,
      [one.repository, two.repository],
    )
    await expect(credentialOf(sql, one)).rejects.toMatchObject({ code: 'master_key_missing' })
    await test.query(`update repository_credentials set username = 'root' where repository_id = $1`, [two.repository])
    await expect(credentialOf(sql, two)).rejects.toMatchObject({ code: 'master_key_missing' })
  })

  it('is not there for another organisation, and goes with its repository', async () => {
    const mine = await place(org, 'mine')
    await storeCredential(test.db.tenant(org).read, mine, credential)
    const theirs = test.db.tenant(other).read
    expect(await credentialOf(theirs, mine)).toBeNull()
    await expect(storeCredential(theirs, mine, credential)).rejects.toMatchObject({ code: '42501' })
    await expect(storeCredential(theirs, { ...mine, org: other }, credential)).rejects.toMatchObject({ code: '23503' })
    await test.query('delete from repositories where id = $1', [mine.repository])
    expect(await test.query('select from repository_credentials where repository_id = $1', [mine.repository])).toEqual(
      [],
    )
  })
})
