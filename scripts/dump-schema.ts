/**
 * Writes `db/schema.sql`: what the migrations come to, rendered from the catalogue so that a review sees it. A test
 * compares the file with a migrated database. `node scripts/dump-schema.ts` starts a PostgreSQL of its own for it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrate } from '../src/platform/db/index.ts'
import { startEmbeddedPostgres } from '../src/platform/postgres/index.ts'

type Query = (text: string) => Promise<{ line: string }[]>

const TABLES = `select c.oid::regclass::text as line from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`
const columns = (table: string): string => `
  select format('  %I %s%s%s%s', attname, format_type(atttypid, atttypmod),
    case when attcollation <> t.typcollation then ' collate "' || (select collname from pg_collation where oid = attcollation) || '"' else '' end,
    case when attnotnull then ' not null' else '' end,
    case when attidentity <> '' then ' generated always as identity'
      when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
  from pg_attribute a join pg_type t on t.oid = atttypid left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
  where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped order by attnum`
const constraints = (table: string): string => `
  select format('  constraint %I %s', conname, pg_get_constraintdef(oid)) as line from pg_constraint
  where conrelid = '${table}'::regclass and contype <> 'n' order by contype desc, conname`
const rest = (table: string): readonly string[] => [
  `select pg_get_indexdef(indexrelid) || ';' as line from pg_index
   where indrelid = '${table}'::regclass and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u')) order by 1`,
  `select 'row level security: ' || case when relrowsecurity then 'on' else 'off' end
     || case when relforcerowsecurity then ', forced' else '' end as line from pg_class where oid = '${table}'::regclass`,
  `select format('policy %I for %s to %s using (%s)%s', policyname, lower(cmd), array_to_string(roles, ', '), qual,
     coalesce(' with check (' || with_check || ')', '')) as line
   from pg_policies where schemaname = 'public' and tablename = '${table}' order by policyname`,
  `select format('grant %s to %s', string_agg(distinct lower(privilege_type), ', '), grantee) as line
   from information_schema.role_table_grants where table_schema = 'public' and table_name = '${table}' and grantee like 'tenon\\_%' group by grantee order by grantee`,
  `select format('grant update (%s) to %s', string_agg(column_name, ', ' order by column_name), grantee) as line
   from information_schema.column_privileges p where table_schema = 'public' and table_name = '${table}' and privilege_type = 'UPDATE' and grantee like 'tenon\\_%'
     and not exists (select from information_schema.role_table_grants g where g.table_schema = 'public' and g.table_name = p.table_name
       and g.grantee = p.grantee and g.privilege_type = 'UPDATE')
   group by grantee order by grantee`,
]

/** The schema as text; the same for the same migrations. */
export async function renderSchema(query: Query): Promise<string> {
  const parts = ['-- Rendered by scripts/dump-schema.ts from the catalogue; not run by anything.']
  for (const { line: table } of await query(TABLES)) {
    const body = [...(await query(columns(table))), ...(await query(constraints(table)))]
      .map(({ line }) => line)
      .join(',\n')
    const after: string[] = []
    for (const text of rest(table)) for (const { line } of await query(text)) after.push(`-- ${line}`)
    parts.push([`create table ${table} (`, body, ');', ...after].join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-schema-'))
  const server = await startEmbeddedPostgres({ dataDir: folder })
  try {
    await migrate({ url: server.url, dir: fileURLToPath(new URL('../db/migrations', import.meta.url)) })
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const text = await renderSchema(async (sql) => (await client.query<{ line: string }>(sql)).rows)
    await client.end()
    writeFileSync(new URL('../db/schema.sql', import.meta.url), text)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
