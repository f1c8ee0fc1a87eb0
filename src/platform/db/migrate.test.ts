import { appendFileSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { migrate } from './migrate.ts'

const REAL = fileURLToPath(new URL('../../../db/migrations', import.meta.url))
const folder = temporaryFolder('migrations')
let test: TestDatabase
let url = ''

beforeAll(async () => {
  test = await createTestDatabase()
  const name = `${new URL(test.url).pathname.slice(1)}_empty`
  await test.query(`create database ${name}`)
  url = test.url.replace(/[^/]+$/, name)
  cpSync(REAL, folder.path, { recursive: true })
})
afterAll(async () => {
  await test.query(`drop database ${new URL(url).pathname.slice(1)} with (force)`)
  await test.close()
  folder.remove()
})

describe('migrations', () => {
  it('are applied once when several migrators start together, and never again', async () => {
    const applied = await Promise.all([1, 2, 3].map(() => migrate({ url, dir: folder.path })))
    expect(applied.map((names) => names.length).toSorted((x, y) => x - y)).toEqual([0, 0, applied.flat().length])
    expect(applied.flat()[0]).toBe('0001_identity.sql')
    expect(await migrate({ url, dir: folder.path })).toEqual([])
  })

  it('are refused when a released one was changed', async () => {
    appendFileSync(join(folder.path, '0001_identity.sql'), '-- changed\n')
    await expect(migrate({ url, dir: folder.path })).rejects.toMatchObject({ code: 'migration_failed' })
  })

  it('are refused by the release before', async () => {
    cpSync(REAL, folder.path, { recursive: true })
    rmSync(join(folder.path, readdirSync(REAL).toSorted().at(-1) ?? ''))
    await expect(migrate({ url, dir: folder.path })).rejects.toMatchObject({ code: 'migration_failed' })
  })

  it('say that the database can not be reached', async () => {
    const nowhere = 'postgresql://postgres@127.0.0.1:1/none'
    await expect(migrate({ url: nowhere, dir: REAL })).rejects.toMatchObject({ code: 'database_unreachable' })
  })
})
