import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { migrateDatabase } from '../../src/app/node.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/releases.md', import.meta.url)), 'utf8')
const undo = [...page.matchAll(/^```sql\n([\s\S]*?)```/gm)].map((match) => match[1]).join('\n')

function shapeOf({ query }: TestDatabase): Promise<unknown[]> {
  return query(`select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
    where table_schema = 'public' order by 1, 2`)
}

it('what the page of releases says undoes migrations, which can then be applied again', async () => {
  const database = await createTestDatabase()
  try {
    const before = await shapeOf(database)
    await database.query(undo)
    const undone = [...undo.matchAll(/^-- (\w+)$/gm)].map((match) => match[1])
    expect(undone.length).toBeGreaterThan(0)
    expect(await shapeOf(database)).not.toEqual(before)
    const applied = await migrateDatabase(database.url)
    expect(applied).toEqual(undone.toReversed().map((name) => `${name}.sql`))
    expect(await shapeOf(database)).toEqual(before)
  } finally {
    await database.close()
  }
})
