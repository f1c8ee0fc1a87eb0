import { expect, it } from 'vitest'
import { inStyle, nameStyleOf, NAME_STYLES } from './name-style.ts'
import { check, filesNamed, found, wordOf } from './spec-fixture.ts'

const kebab = filesNamed(10, (at) => `src/${wordOf(at)}-thing.ts`)
const pascal = filesNamed(10, (at) => `src/ui/${wordOf(at).replace(/^./, (c) => c.toUpperCase())}Card.tsx`)
const snake = filesNamed(10, (at) => `app/${wordOf(at)}_model.py`)
const camel = filesNamed(10, (at) => `web/${wordOf(at)}Thing.ts`)

const CASES: readonly (readonly [title: string, path: string, better: string | null])[] = [
  ['takes what follows', 'src/new-thing.ts', null],
  ['takes one word', 'src/new.ts', null],
  ['renames to kebab-case', 'src/newThing.service.ts', 'src/new-thing.service.ts'],
  ['renames to PascalCase', 'src/ui/user-card.tsx', 'src/ui/UserCard.tsx'],
  ['renames one word to PascalCase', 'src/ui/button.tsx', 'src/ui/Button.tsx'],
  ['renames to snake_case', 'app/userModel.py', 'app/user_model.py'],
  ['leaves the prefix of a Python test', 'app/test_userModel.py', 'app/test_user_model.py'],
  ['follows the nearest folder', 'web/other-thing.ts', 'web/otherThing.ts'],
  ['follows a folder from below', 'src/deep/er/newThing.ts', 'src/deep/er/new-thing.ts'],
  ['learns nothing across kinds of files', 'src/newThing.css', null],
  ['leaves names with a meaning', 'src/ui/[userId].tsx', null],
  ['leaves names in capitals', 'src/README.ts', null],
  ['finds no style where there are two', 'newThing.ts', null],
]

it.each(CASES)('%s', async (_, path, better) => {
  const repository = { ...kebab, ...pascal, ...snake, ...camel }
  expect(await found(repository, { create: [{ path }] }, 'file_name_convention')).toEqual(
    better === null ? [] : [`warning file_name_convention ${path}: Call it \`${better}\`.`],
  )
})

it('tells what was learned, from how many', async () => {
  const { conventions, findings } = await check(
    { ...kebab, 'src/oddOne.ts': '' },
    { create: [{ path: 'src/newThing.ts' }] },
  )
  expect(conventions).toContainEqual({
    name: 'names of script files in `src`',
    value: 'kebab-case',
    followed: 10,
    of: 11,
  })
  expect(findings[0]?.evidence).toEqual([
    { path: 'src/black-thing.ts', line: null, text: '10 of 11 names are kebab-case' },
  ])
})

it('needs eight names to learn from', async () => {
  const seven = filesNamed(7, (at) => `src/${wordOf(at)}-thing.ts`)
  expect((await check(seven, { create: [{ path: 'src/newThing.ts' }] })).checked).not.toContain('file_name_convention')
})

it.each(['HTTPServer', 'httpServer', 'http-server', 'http_server', 'Http-server.x'])(
  'writes %s in each style',
  (name) => {
    const [words] = [name.endsWith('.x') ? ['http', 'server', 'x'] : ['http', 'server']]
    expect(inStyle(name, 'kebab-case')).toBe(words.join('-'))
    for (const style of NAME_STYLES) expect(nameStyleOf(inStyle(name, style))).toBe(style)
  },
)
