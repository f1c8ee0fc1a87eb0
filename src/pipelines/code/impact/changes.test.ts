import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commitFiles, git, makeRepository } from '../../../../test/support/git-repository.ts'
import { indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { fetchOn, URL_BASE } from '../../../../test/support/surfaces.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { analyzeImpact, type Impact } from '../../../contract/impact.ts'

const folder = temporaryFolder('changes')
const CORE = 'packages/core/src'
const APP = 'packages/app/src'
const MONEY = `${CORE}/money.ts`
let node: TestNode
let org: TestOrg
let source: string
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('changes')
  const { [`${APP}/price.ts`]: price = '', ...others } = SHOP
  source = makeRepository(join(folder.path, 'shop'), {
    ...others,
    [`${APP}/cost.ts`]: price,
    [`${APP}/old.ts`]: 'export const old = 1\n',
    [MONEY]: `${SHOP[MONEY]}\nexport const removed = 1\n`,
    'logo.png': Buffer.from([0, 1, 2]),
  })
  git(source, 'tag', 'v1')
  git(source, 'mv', `${APP}/cost.ts`, `${APP}/price.ts`)
  git(source, 'rm', '-q', `${APP}/old.ts`)
  commitFiles(source, { [MONEY]: SHOP[MONEY] ?? '' }, 'second')
  await indexed(org, source)
  git(source, 'checkout', '-q', '-b', 'work')
  commitFiles(source, { [MONEY]: withBody('cents') }, 'third')
  git(source, 'checkout', '-q', 'main')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

type Filter = Omit<Parameters<typeof org.call<typeof analyzeImpact>>[1], 'repository'>
const ask = (input: Filter): Promise<Impact> => org.call(analyzeImpact, { repository: 'shop', ...input })
const dependents = (impact: Impact): string[] => impact.dependents.map(({ path, distance }) => `${distance} ${path}`)
const tests = (impact: Impact): string[] => impact.tests.map(({ path }) => path)
const symbols = ({ changed }: Impact): string[] => changed.symbols.map(({ name, change }) => `${change} ${name}`)

const withBody = (unit: string): string => (SHOP[MONEY] ?? '').replace('CHF', unit)

/** What `git diff` says of changes that are not committed, which are then undone. */
function diffOf(change: Readonly<Record<string, string | Buffer>>, ...more: (readonly string[])[]): string {
  for (const [path, text] of Object.entries(change)) writeFileSync(join(source, path), text)
  for (const args of more) git(source, ...args)
  git(source, 'add', '-A')
  const diff = git(source, 'diff', '--cached', 'HEAD')
  git(source, 'reset', '-q', '--hard')
  return diff
}

const USERS_OF_FORMAT = [
  `1 ${CORE}/index.ts`,
  `2 ${APP}/price.ts`,
  `3 ${APP}/server.ts`,
  '3 packages/app/test/price.test.ts',
]

describe('a diff', () => {
  it('from the indexed commit affects what uses the symbols that it changes, and selects their tests', async () => {
    const impact = await ask({ diff: diffOf({ [MONEY]: withBody('EUR') }) })
    expect(impact.changed).toMatchObject({
      files: [{ path: MONEY, previousPath: null, change: 'modified', language: 'typescript' }],
      symbols: [{ path: MONEY, name: 'formatMoney', kind: 'function', change: 'body', exported: true, line: 7 }],
    })
    expect(dependents(impact)).toEqual(USERS_OF_FORMAT)
    expect(tests(impact)).toEqual(['packages/app/test/price.test.ts'])
    expect(impact.unknown).toEqual([])
  })

  it('to the indexed commit does the same', async () => {
    const impact = await ask({ diff: git(source, 'diff', 'v1', 'main') })
    expect(symbols(impact)).toEqual(['removed old', 'removed removed'])
    expect(impact.changed.files).toMatchObject([
      { path: `${APP}/old.ts`, change: 'deleted' },
      { path: `${APP}/price.ts`, previousPath: `${APP}/cost.ts`, change: 'renamed' },
      { path: MONEY, change: 'modified' },
    ])
    expect(dependents(impact)).toEqual([
      `1 ${CORE}/index.ts`,
      `1 ${APP}/server.ts`,
      '1 packages/app/test/price.test.ts',
    ])
    expect(impact.unknown.filter(({ reason }) => reason !== 'imports_unresolved')).toEqual([])
    const back = await ask({ diff: git(source, 'diff', 'work', 'main') })
    expect([symbols(back), dependents(back), back.unknown]).toEqual([['body formatMoney'], USERS_OF_FORMAT, []])
  })

  it('of a signature says what it was and is, and that its users have to be looked at', async () => {
    const text = (SHOP[MONEY] ?? '').replace('cents: number', 'cents: bigint')
    const impact = await ask({ diff: diffOf({ [MONEY]: text }) })
    expect(impact.changed.symbols).toMatchObject([
      {
        name: 'formatMoney',
        change: 'signature',
        before: 'function formatMoney(cents: number): string',
        after: 'function formatMoney(cents: bigint): string',
      },
    ])
    // Through a barrel.
    expect(impact.risk.factors.find(({ name }) => name === 'signature_changed')).toMatchObject({ level: 'medium' })
    expect(impact.nextSteps[0]).toBe(`Look at the uses of formatMoney in ${APP}/price.ts`)
  })

  it('of what is exported and gone names those who still import it, also by a barrel and as the default export', async () => {
    const money = (SHOP[MONEY] ?? '').replace('export function formatMoney', 'function formatMoney')
    const hidden = await ask({ diff: diffOf({ [MONEY]: money }) })
    expect(hidden.nextSteps.join('\n')).toContain(`${APP}/price.ts`)
    const cart = (SHOP[`${CORE}/cart.ts`] ?? '').replaceAll(/export default class Cart[^]*/g, '')
    const gone = await ask({ diff: diffOf({ [`${CORE}/cart.ts`]: cart }) })
    expect(symbols(gone)).toEqual(['removed Cart'])
    expect(gone.risk.level).toBe('high')
    expect(gone.nextSteps[0]).toBe(
      `Change 3 files that still import Cart: ${APP}/server.ts, ${CORE}/index.ts, packages/core/test/cart.test.ts`,
    )
  })

  it('of comments alone affects nothing', async () => {
    const text = (SHOP[MONEY] ?? '').replace('export function add', '// Adds.\nexport function add')
    const impact = await ask({ diff: diffOf({ [MONEY]: text }) })
    expect(impact).toMatchObject({ changed: { symbols: [] }, dependents: [], tests: [], endpoints: [], unknown: [] })
    const types = diffOf({ [`${CORE}/types.ts`]: `${SHOP[`${CORE}/types.ts`]}// The end.\n` })
    expect(dependents(await ask({ diff: types }))).toEqual([])
  })

  it('of types alone affects what uses them, and selects no test', async () => {
    const text = (SHOP[`${CORE}/types.ts`] ?? '').replace('price: number', 'price: bigint')
    const impact = await ask({ diff: diffOf({ [`${CORE}/types.ts`]: text }) })
    expect(symbols(impact)[0]).toMatch(/ Item$/)
    expect(dependents(impact)).toContain(`1 ${MONEY}`)
    expect(impact.dependents.every(({ typeOnly }) => typeOnly)).toBe(true)
    expect(tests(impact)).toEqual([])
  })

  it('of a file that is renamed affects those who import it where it stood', async () => {
    const impact = await ask({ diff: diffOf({}, ['mv', `${APP}/price.ts`, `${APP}/cost.ts`]) })
    expect(impact.changed.files).toMatchObject([
      { path: `${APP}/cost.ts`, previousPath: `${APP}/price.ts`, change: 'renamed' },
    ])
    expect(dependents(impact)).toEqual([`1 ${APP}/server.ts`, '1 packages/app/test/price.test.ts'])
    expect(impact.unknown).toEqual([])
  })

  it('of a file that is deleted affects those who import it, and is of high risk', async () => {
    const impact = await ask({ diff: diffOf({}, ['rm', '-q', MONEY]) })
    expect(impact.changed.files).toMatchObject([{ path: MONEY, change: 'deleted' }])
    expect(dependents(impact)).toContain(`1 ${CORE}/cart.ts`)
    expect(impact.risk.level).toBe('high')
    expect(impact.nextSteps[0]).toContain('addUp')
  })

  it('of a file that is added affects nobody yet', async () => {
    const impact = await ask({ diff: diffOf({ [`${APP}/fresh.ts`]: 'export const fresh = 1\n' }) })
    expect(symbols(impact)).toEqual(['added fresh'])
    expect([dependents(impact), impact.unknown]).toEqual([[], []])
  })

  it('of a binary file says that what changed in it can not be told', async () => {
    const diff = diffOf({ 'logo.png': Buffer.from([0, 2, 1]) })
    expect(diff).toContain('Binary files')
    const { unknown, changed } = await ask({ diff })
    expect(unknown).toMatchObject([{ path: 'logo.png', reason: 'binary' }])
    expect(changed.files).toMatchObject([{ path: 'logo.png', change: 'modified' }])
  })

  it('that does not apply takes all of the file for changed, and tells no risk', async () => {
    const diff = diffOf({ [MONEY]: withBody('EUR') }).replaceAll('${cents / 100}', '${cents / 1000}')
    const impact = await ask({ diff })
    expect(impact.unknown).toMatchObject([{ path: MONEY, reason: 'diff_does_not_apply' }])
    expect(dependents(impact)).toHaveLength(6)
    expect(impact.risk.level).toBe('unknown')
    const gone = await ask({ diff: diff.replaceAll('money.ts', 'none.ts') })
    expect(gone.unknown).toMatchObject([{ reason: 'file_not_indexed' }])
    expect(gone.risk.level).toBe('unknown')
  })
})

describe('what is no diff', () => {
  it('is refused, with the line', async () => {
    const cases = [
      ['no diff', 1],
      ['\n', 1],
      ['--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n-x\n', 4],
      ['diff --cc a.ts\nindex 1,2..3\n--- a/a.ts\n+++ b/a.ts\n@@@ -1,1 -1,1 +1,1 @@@\n--a\n++b\n', 1],
      ['--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n', expect.any(Number)],
      ['diff --git a/a b//etc/passwd\nrename from a\nrename to /etc/passwd\n', expect.any(Number)],
    ] as const
    for (const [diff, line] of cases) {
      const { code, details } = await org.error(analyzeImpact, { repository: 'shop', diff })
      expect([diff, code, details]).toEqual([diff, 'diff_invalid', { line, reason: expect.any(String) }])
    }
    expect(await org.error(analyzeImpact, { repository: 'shop', diff: '' })).toMatchObject({
      code: 'validation_failed',
    })
  })

  it('is refused when it is too large, before all of it is read', async () => {
    const post = (body: string | ReadableStream<Uint8Array>): Promise<Response> =>
      fetchOn(node)(`${URL_BASE}/v1/impact/changes`, {
        method: 'POST',
        headers: { authorization: `Bearer ${org.apiKey}`, 'content-type': 'application/json' },
        body,
        duplex: 'half',
      })
    const chunk = Buffer.alloc(1 << 20, '+')
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent++
        if (sent > 50) controller.close()
        else controller.enqueue(sent === 1 ? Buffer.from('{"repository":"shop","diff":"') : chunk)
      },
    })
    const response = await post(endless)
    expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'payload_too_large' } }])
    expect(sent).toBeLessThan(20)
    const long = await post(JSON.stringify({ repository: 'shop', diff: '+'.repeat(9_000_000) }))
    expect([long.status, await long.json()]).toMatchObject([400, { error: { code: 'validation_failed' } }])
  })
})

describe('two commits', () => {
  it('of which one is indexed are compared, by branches, tags and names', async () => {
    for (const range of [
      { base: 'main', head: 'work' },
      { base: 'work' },
      { base: git(source, 'rev-parse', 'work').trim(), head: git(source, 'rev-parse', 'main').trim() },
    ]) {
      const impact = await ask(range)
      expect([symbols(impact), dependents(impact), impact.unknown]).toEqual([['body formatMoney'], USERS_OF_FORMAT, []])
      expect(impact.risk.level).not.toBe('unknown')
    }
    expect(symbols(await ask({ base: 'v1' }))).toEqual(['removed old', 'removed removed'])
    expect(await ask({ base: 'main', head: 'main' })).toMatchObject({ changed: { files: [] }, dependents: [] })
  })

  it('of which none is indexed are compared, and that the index is stale is said', async () => {
    const impact = await ask({ base: 'v1', head: 'work' })
    expect(symbols(impact)).toEqual(['removed old', 'body formatMoney', 'removed removed'])
    expect(impact.unknown[0]).toMatchObject({ path: null, reason: 'stale' })
    expect(impact.risk.level).toBe('unknown')
  })

  it('that are none are refused', async () => {
    for (const base of ['no-such', '--upload-pack=touch', '..', 'main..work', 'a b', '0'.repeat(40)])
      expect([base, (await org.error(analyzeImpact, { repository: 'shop', base })).code]).toEqual([
        base,
        'ref_not_found',
      ])
    expect(await org.error(analyzeImpact, { repository: 'shop', base: 'x'.repeat(300) })).toMatchObject({
      code: 'validation_failed',
    })
  })
})
