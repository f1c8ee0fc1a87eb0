import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createTestDatabase } from '../test/support/database.ts'
import { renderSchema } from './dump-schema.ts'

it('db/schema.sql is what the migrations come to', async () => {
  const database = await createTestDatabase()
  try {
    const text = await renderSchema((sql) => database.query<{ line: string }>(sql))
    expect(text).toContain('create table chunks')
    expect(readFileSync(new URL('../db/schema.sql', import.meta.url), 'utf8')).toBe(text)
  } finally {
    await database.close()
  }
})
