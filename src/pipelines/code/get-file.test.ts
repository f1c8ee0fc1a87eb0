import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getFile } from '../../contract/search.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { indexed, reindexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('get-file')
const TEN = Array.from({ length: 10 }, (_, i) => `line ${i + 1}\n`).join('')
const SECRET = `tn_live_${'abcdefghij'.repeat(4)}`
/** Lengths as JSON around what 500 tokens have, of one line with its end. */
const EDGES = [1_998, 1_999, 2_000, 2_001, 2_002, 2_003]
let source: string
let id: string
let node: TestNode
let org: TestOrg
let other: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('files')
  other = await node.onboard('other')
  source = makeRepository(join(folder.path, 'app'), {
    'src/ten.ts': TEN,
    'no end.txt': 'one\r\ntwo',
    empty: '',
    '\u00fcber/\u4e2d \u{1f600}.md': 'unicode\n',
    'latin.txt': Buffer.from('caf\u00e9\n', 'latin1'),
    'config.env': `A=1\nTOKEN=${SECRET}\nB=2\n`,
    'many.txt': 'x\n'.repeat(7000),
    'wide.txt': `${'w'.repeat(500_000)}\nlast\n`,
    'binary.bin': 'a\0b',
    ...Object.fromEntries(EDGES.map((units) => [`edge/${units}.txt`, `${'e'.repeat(units - 2)}\n`])),
  })
  id = await indexed(org, source)
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const show = (path: string, more: { from?: number; lines?: number; maxTokens?: number } = {}) =>
  org.call(getFile, { repository: 'app', path, ...more })

describe('a file', () => {
  it('is shown whole, with what is known of it', async () => {
    expect(await show('src/ten.ts')).toEqual({
      repository: 'app',
      commit: git(source, 'rev-parse', 'HEAD').trim(),
      path: 'src/ten.ts',
      language: 'typescript',
      sizeBytes: TEN.length,
      totalLines: 10,
      from: 1,
      to: 10,
      truncated: false,
      encoding: 'utf-8',
      maskedSecrets: 0,
      text: TEN,
    })
    expect(await show('no end.txt')).toMatchObject({ text: 'one\r\ntwo', totalLines: 2, to: 2, truncated: false })
    expect(await show('empty')).toMatchObject({
      text: '',
      totalLines: 0,
      from: 1,
      to: 0,
      sizeBytes: 0,
      truncated: false,
    })
    expect(await org.call(getFile, { repository: id, path: '\u00fcber/\u4e2d \u{1f600}.md' })).toMatchObject({
      text: 'unicode\n',
      language: 'markdown',
    })
  })

  it('is shown in parts, of whole lines', async () => {
    const cases: readonly (readonly [number, number, string, number, boolean])[] = [
      [1, 1, 'line 1\n', 1, true],
      [3, 2, 'line 3\nline 4\n', 4, true],
      [10, 1, 'line 10\n', 10, false],
      [10, 5, 'line 10\n', 10, false],
      [11, 1, '', 10, false],
      [1000, 1, '', 999, false],
    ]
    for (const [from, lines, text, to, truncated] of cases)
      expect(await show('src/ten.ts', { from, lines })).toMatchObject({ from, text, to, truncated, totalLines: 10 })
    expect(await show('no end.txt', { from: 1, lines: 1 })).toMatchObject({ text: 'one\r\n', to: 1, truncated: true })
    expect(await show('no end.txt', { from: 2 })).toMatchObject({ text: 'two', from: 2, to: 2 })
    expect(await show('no end.txt', { from: 3 })).toMatchObject({ text: '', from: 3, to: 2 })
  })

  it('that is long is cut, and the next part goes on where it was', async () => {
    const first = await show('many.txt')
    expect(first).toMatchObject({ to: 5000, truncated: true, totalLines: 7000 })
    expect(await show('many.txt', { from: first.to + 1 })).toMatchObject({ from: 5001, to: 7000, truncated: false })
    const wide = await show('wide.txt')
    expect(wide).toMatchObject({ to: 1, truncated: true, totalLines: 2 })
    expect(wide.text.length).toBe(400_000)
    expect(await show('wide.txt', { from: 2 })).toMatchObject({ text: 'last\n', truncated: false })
  })

  it('whose text has about as many bytes as are asked for is answered, whole or cut', async () => {
    for (const units of EDGES) {
      const { text } = await show(`edge/${units}.txt`, { maxTokens: 500 })
      expect([units, text.endsWith('\n')]).toEqual([units, units <= 2_000])
      expect(Buffer.byteLength(JSON.stringify(text)) - 2).toBeLessThanOrEqual(2_000)
      expect(text.length).toBeGreaterThan(1_990)
    }
  })

  it('that is not UTF-8 is read as Windows-1252', async () => {
    expect(await show('latin.txt')).toMatchObject({ text: 'caf\u00e9\n', encoding: 'windows-1252', sizeBytes: 5 })
  })

  it('shows no secret, in whichever part', async () => {
    const whole = await show('config.env')
    expect(whole).toMatchObject({ text: `A=1\nTOKEN=${'*'.repeat(SECRET.length)}\nB=2\n`, maskedSecrets: 1 })
    expect(await show('config.env', { from: 2, lines: 1 })).toMatchObject({
      text: `TOKEN=${'*'.repeat(SECRET.length)}\n`,
      maskedSecrets: 1,
    })
  })

  it('that is not there is the same as one of another organisation', async () => {
    const answers = [
      await org.error(getFile, { repository: 'app', path: 'none.ts' }),
      await org.error(getFile, { repository: 'app', path: 'src' }),
      await org.error(getFile, { repository: 'app', path: '../app/src/ten.ts' }),
      await org.error(getFile, { repository: 'app', path: './src/ten.ts' }),
      await org.error(getFile, { repository: 'app', path: 'binary.bin' }),
      await org.error(getFile, { repository: 'none', path: 'src/ten.ts' }),
      await other.error(getFile, { repository: id, path: 'src/ten.ts' }),
      await other.error(getFile, { repository: 'app', path: 'src/ten.ts' }),
    ]
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]?.code).toBe('not_found')
  })

  it('is that of the newest commit that is indexed', async () => {
    commitFiles(source, { 'src/ten.ts': 'changed\n' }, 'second')
    expect((await show('src/ten.ts')).text).toBe(TEN)
    await reindexed(org, 'app')
    expect(await show('src/ten.ts')).toMatchObject({
      text: 'changed\n',
      commit: git(source, 'rev-parse', 'HEAD').trim(),
      totalLines: 1,
      sizeBytes: 8,
    })
  })
})
