import type { TestDatabase } from './database.ts'

/** What moves by itself. */
const MOVING = ['workers', 'caller_windows', 'rate_windows', 'api_keys']

/** A digest of what stands in each table: equal when nothing was changed. */
export async function tableDigests({ query }: TestDatabase): Promise<Record<string, string | null>> {
  const tables = await query<{ name: string }>(
    `select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
     and relname <> all ($1::text[]) order by 1`,
    [MOVING],
  )
  const digests: Record<string, string | null> = {}
  for (const { name } of tables) {
    const [row] = await query<{ digest: string | null }>(
      `select md5(string_agg(t::text, '' order by t::text)) as digest from ${name} t`,
    )
    digests[name] = row?.digest ?? null
  }
  return digests
}
