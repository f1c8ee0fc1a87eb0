import { expect, it } from 'vitest'
import { check, filesNamed, found, type Repository, type SpecInput, wordOf } from './spec-fixture.ts'

const at4 = (at: number): string => String(at + 1).padStart(4, '0')
const sequence = filesNamed(12, (at) => `db/migrations/${at4(at)}_add_${wordOf(at)}.sql`)
const stamps = filesNamed(5, (at) => `supabase/migrations/2024010${at + 1}120000_add_${wordOf(at)}.sql`)
const prisma = filesNamed(5, (at) => `prisma/migrations/2024010${at + 1}120000_add_${wordOf(at)}/migration.sql`)
const django = {
  ...filesNamed(3, (at) => `shop/migrations/${at4(at)}_${wordOf(at)}_x.py`),
  'shop/migrations/__init__.py': '',
  'blog/migrations/0001_initial.py': '',
}
const alembic = filesNamed(4, (at) => `alembic/versions/${at}a2b3c4d5e6f_add_${wordOf(at)}.py`)
const flyway = { ...filesNamed(4, (at) => `sql/V${at + 1}__add_${wordOf(at)}.sql`), 'sql/R__views.sql': '' }
const pairs = Object.assign(
  {},
  ...Array.from({ length: 4 }, (_, at) =>
    ['up', 'down'].map((end) => ({ [`migrations/${String(at + 1).padStart(6, '0')}_${wordOf(at)}.${end}.sql`]: '' })),
  ).flat(),
) as Repository
const laravel = filesNamed(4, (at) => `database/migrations/2024_01_0${at + 1}_000000_create_${wordOf(at)}_table.php`)
const tens = filesNamed(6, (at) => `db/migrate/${(at + 1) * 10}-add-${wordOf(at)}.sql`)

const add = (...migrations: string[]): SpecInput => ({ migrations })
const call = (severity: string, rule: string, path: string, better: string): string =>
  `${severity} ${rule} ${path}: Call it \`${better}\`.`
const RULES = ['migration_name_convention', 'migration_number_taken', 'migration_order', 'migration_edited'] as const

const CASES: readonly (readonly [title: string, of: Repository, plan: SpecInput, expected: readonly string[]])[] = [
  ['takes the next number', sequence, add('db/migrations/0013_add_x.sql', 'db/migrations/0014_add_y.sql'), []],
  [
    'refuses a number that is taken',
    sequence,
    add('db/migrations/0012_other.sql'),
    [call('error', 'migration_number_taken', 'db/migrations/0012_other.sql', 'db/migrations/0013_other.sql')],
  ],
  [
    'refuses one number twice',
    sequence,
    add('db/migrations/0013_a.sql', 'db/migrations/0013_b.sql'),
    [call('error', 'migration_number_taken', 'db/migrations/0013_b.sql', 'db/migrations/0014_b.sql')],
  ],
  [
    'warns of a gap',
    sequence,
    add('db/migrations/0015_a.sql'),
    [call('warning', 'migration_order', 'db/migrations/0015_a.sql', 'db/migrations/0013_a.sql')],
  ],
  [
    'warns of what comes before',
    { ...sequence, 'db/migrations/0020_add_z.sql': '' },
    add('db/migrations/0015_a.sql'),
    [call('warning', 'migration_order', 'db/migrations/0015_a.sql', 'db/migrations/0021_a.sql')],
  ],
  [
    'warns of missing zeros',
    sequence,
    add('db/migrations/13_add_x.sql'),
    [call('warning', 'migration_name_convention', 'db/migrations/13_add_x.sql', 'db/migrations/0013_add_x.sql')],
  ],
  [
    'warns of another separator and case',
    sequence,
    add('db/migrations/0013-addUsers.sql'),
    [
      call(
        'warning',
        'migration_name_convention',
        'db/migrations/0013-addUsers.sql',
        'db/migrations/0013_add_users.sql',
      ),
    ],
  ],
  [
    'warns of a name without a number',
    sequence,
    add('db/migrations/add-users.sql'),
    [call('warning', 'migration_name_convention', 'db/migrations/add-users.sql', 'db/migrations/0013_add_users.sql')],
  ],
  [
    'warns of another folder',
    sequence,
    add('sql/0013_add_users.sql'),
    [call('warning', 'migration_name_convention', 'sql/0013_add_users.sql', 'db/migrations/0013_add_users.sql')],
  ],
  [
    'checks created files in the folder',
    sequence,
    { create: [{ path: 'db/migrations/0012_x.sql' }, { path: 'db/migrations/README.md' }] },
    [call('error', 'migration_number_taken', 'db/migrations/0012_x.sql', 'db/migrations/0013_x.sql')],
  ],
  [
    'refuses edits',
    sequence,
    { modify: [{ path: 'db/migrations/0012_add_navy.sql' }], delete: ['db/migrations/0001_add_red.sql'] },
    [
      'error migration_edited db/migrations/0001_add_red.sql: Leave it as it is and add `db/migrations/0013_change.sql` to `migrations`.',
      'error migration_edited db/migrations/0012_add_navy.sql: Leave it as it is and add `db/migrations/0013_change.sql` to `migrations`.',
    ],
  ],
  ['takes a later timestamp', stamps, add('supabase/migrations/20240201000000_add_x.sql'), []],
  [
    'refuses a timestamp that is taken',
    stamps,
    add('supabase/migrations/20240105120000_x.sql'),
    [
      call(
        'error',
        'migration_number_taken',
        'supabase/migrations/20240105120000_x.sql',
        'supabase/migrations/20240105120001_x.sql',
      ),
    ],
  ],
  [
    'warns of an earlier timestamp',
    stamps,
    add('supabase/migrations/20230105120000_x.sql'),
    [
      call(
        'warning',
        'migration_order',
        'supabase/migrations/20230105120000_x.sql',
        'supabase/migrations/20240105120001_x.sql',
      ),
    ],
  ],
  [
    'warns of a number among timestamps',
    stamps,
    add('supabase/migrations/0006_x.sql'),
    [
      call(
        'warning',
        'migration_name_convention',
        'supabase/migrations/0006_x.sql',
        'supabase/migrations/20240105120001_x.sql',
      ),
    ],
  ],
  [
    'warns of a timestamp that is no date',
    stamps,
    add('supabase/migrations/20249905120000_x.sql'),
    [
      call(
        'warning',
        'migration_name_convention',
        'supabase/migrations/20249905120000_x.sql',
        'supabase/migrations/20240105120001_x.sql',
      ),
    ],
  ],
  ['takes the folders of Prisma', prisma, add('prisma/migrations/20240201000000_add_x/migration.sql'), []],
  [
    'refuses a folder of Prisma that is taken',
    prisma,
    add('prisma/migrations/20240105120000_x/migration.sql'),
    [
      call(
        'error',
        'migration_number_taken',
        'prisma/migrations/20240105120000_x/migration.sql',
        'prisma/migrations/20240105120001_x/migration.sql',
      ),
    ],
  ],
  [
    'takes those of Django, of a new app as well',
    django,
    add('shop/migrations/0004_more.py', 'news/migrations/0001_initial.py'),
    [],
  ],
  [
    'refuses a number of Django that is taken',
    django,
    add('blog/migrations/0001_other.py'),
    [call('error', 'migration_number_taken', 'blog/migrations/0001_other.py', 'blog/migrations/0002_other.py')],
  ],
  ['takes those of Alembic', alembic, add('alembic/versions/9f2b3c4d5e6f_add_x.py'), []],
  [
    'warns of others than those of Alembic',
    alembic,
    add('alembic/versions/0005_add_x.py'),
    [
      call(
        'warning',
        'migration_name_convention',
        'alembic/versions/0005_add_x.py',
        'alembic/versions/<12 hexadecimal digits>_add_x.py',
      ),
    ],
  ],
  ['takes those of Flyway', flyway, add('sql/V5__add_x.sql'), []],
  [
    'refuses a version of Flyway that is taken',
    flyway,
    add('sql/V4__x.sql'),
    [call('error', 'migration_number_taken', 'sql/V4__x.sql', 'sql/V5__x.sql')],
  ],
  [
    'warns of others than those of Flyway',
    flyway,
    add('sql/5_x.sql'),
    [call('warning', 'migration_name_convention', 'sql/5_x.sql', 'sql/V5__x.sql')],
  ],
  [
    'takes pairs',
    pairs,
    add('migrations/000005_x.up.sql', 'migrations/000005_x.down.sql', 'migrations/000006_y.up.sql'),
    [],
  ],
  ['takes those of Laravel', laravel, add('database/migrations/2024_02_01_000000_create_x_table.php'), []],
  [
    'refuses one of Laravel that is taken',
    laravel,
    add('database/migrations/2024_01_04_000000_x.php'),
    [
      call(
        'error',
        'migration_number_taken',
        'database/migrations/2024_01_04_000000_x.php',
        'database/migrations/2024_01_04_000001_x.php',
      ),
    ],
  ],
  [
    'learns steps',
    tens,
    add('db/migrate/70-add-x.sql', 'db/migrate/81-add-y.sql'),
    [call('warning', 'migration_order', 'db/migrate/81-add-y.sql', 'db/migrate/80-add-y.sql')],
  ],
  [
    'leaves numbered documents alone',
    filesNamed(5, (at) => `docs/decisions/${at4(at)}-${wordOf(at)}.md`),
    { modify: [{ path: 'docs/decisions/0001-red.md' }] },
    [],
  ],
]

it.each(CASES)('%s', async (_, repository, plan, expected) => {
  expect(await found(repository, plan, RULES)).toEqual(expected)
})

it('tells the pattern that was learned', async () => {
  const { conventions } = await check(sequence, add('db/migrations/0013_add_x.sql'))
  expect(conventions).toContainEqual({
    name: 'names of migrations in `db/migrations`',
    value: '0000_<name in snake_case>.sql',
    followed: 12,
    of: 12,
  })
})

it('does not judge the first migration of a repository', async () => {
  const { findings, checked } = await check({ 'src/a.ts': '' }, add('db/migrations/0001_a.sql'))
  expect(findings).toEqual([])
  expect(checked).not.toContain('migration_name_convention')
})
