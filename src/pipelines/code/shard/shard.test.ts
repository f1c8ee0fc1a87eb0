import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { buildShard } from './build-shard.ts'
import { fold } from './fold.ts'
import { matchLines } from './lines.ts'
import { openShard, ShardDamagedError } from './open-shard.ts'

const folder = temporaryFolder('shard')
afterAll(() => folder.remove())
let number = 0

async function shardOf(
  texts: Readonly<Record<string, string | Buffer>>,
): Promise<{ file: string; built: Awaited<ReturnType<typeof buildShard>> }> {
  const file = join(folder.path, `${++number}.shard`)
  const blobs = async function* () {
    for (const [sha, text] of Object.entries(texts)) yield { sha, content: Buffer.from(text) }
  }
  return { file, built: await buildShard({ file, blobs: blobs() }) }
}
const insensitive = (text: string) => ({ text, caseSensitive: false })
const FAR = Number.POSITIVE_INFINITY

describe('a shard', () => {
  it('finds a text in either case, and in one case when asked', async () => {
    const { file } = await shardOf({ a: 'const Foo = 1\nfoo()\n', b: 'nothing' })
    const shard = openShard(file)
    expect([...shard.counts(insensitive('FOO'), FAR).counts]).toEqual([['a', 2]])
    expect([...shard.counts({ text: 'Foo', caseSensitive: true }, FAR).counts]).toEqual([['a', 1]])
    shard.close()
  })

  it('takes quotes, stars and words of the index language literally', async () => {
    const text = 'a "quoted" NEAR(x) * AND -b'
    const { file } = await shardOf({ a: text, b: 'a quoted NEAR x' })
    const shard = openShard(file)
    for (const part of ['"quoted"', 'NEAR(x)', ') * AND', '* AND -b', 'd" N']) {
      expect([part, [...shard.counts(insensitive(part), FAR).counts.keys()]]).toEqual([part, ['a']])
    }
    shard.close()
  })

  it('leaves binary and undecodable blobs out and says why', async () => {
    const { built } = await shardOf({ a: 'x\0y', b: Buffer.from([0xff, 0xfe, 0x41]), c: 'one\ntwo', d: '' })
    expect(built.blobs.map(({ sha, skipped, lines }) => [sha, skipped, lines])).toEqual([
      ['a', 'binary', 1],
      ['b', 'not_utf8', 0],
      ['c', null, 2],
      ['d', null, 0],
    ])
  })

  it('agrees with a plain scan, whatever the text and the query', async () => {
    const words = fc.stringMatching(/^[a-cA-CİIıßΣσς\u{1F600}"* \n]{0,40}$/u)
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { minLength: 1, maxLength: 6 }),
        fc.stringMatching(/^[a-cA-CİσΣ\u{1F600}"* ]{1,5}$/u),
        async (texts, q) => {
          const { file } = await shardOf(Object.fromEntries(texts.map((text, i) => [`s${i}`, text])))
          const shard = openShard(file)
          for (const caseSensitive of [true, false]) {
            const form = (text: string) => (caseSensitive ? text : fold(text))
            const expected = texts.map((text) => text.split('\n').filter((line) => form(line).includes(form(q))).length)
            const { counts } = shard.counts({ text: q, caseSensitive }, FAR)
            expect(texts.map((_, i) => counts.get(`s${i}`) ?? 0)).toEqual(expected)
          }
          shard.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  it('stops at its deadline and says that it is not complete', async () => {
    const { file } = await shardOf({ a: 'text' })
    const shard = openShard(file)
    expect(shard.counts(insensitive('text'), 0)).toEqual({ counts: new Map(), complete: false })
    shard.close()
  })

  it('is refused when it is truncated or something else', async () => {
    const { file } = await shardOf({ a: 'text\n'.repeat(10_000) })
    truncateSync(file, 5000)
    expect(() => openShard(file).counts(insensitive('text'), FAR)).toThrow(ShardDamagedError)
    writeFileSync(file, 'not a shard')
    expect(() => openShard(file)).toThrow(ShardDamagedError)
  })

  it('is not left behind half-made when its input fails', async () => {
    const file = join(folder.path, 'broken.shard')
    const blobs = async function* () {
      yield { sha: 'a', content: Buffer.from('x') }
      throw new Error('source is gone')
    }
    await expect(buildShard({ file, blobs: blobs() })).rejects.toThrow('source is gone')
    expect(() => openShard(file)).toThrow(ShardDamagedError)
  })
})

describe('a matching line', () => {
  const first = (text: string, q: string) => matchLines(text, insensitive(q), { limit: 10 })

  it('has its number, column and every range, also before a CRLF', () => {
    expect(first('one\r\n  foo Foo\r\nfoo', 'foo')).toEqual([
      {
        line: 2,
        column: 3,
        snippet: '  foo Foo',
        ranges: [
          { start: 2, end: 5 },
          { start: 6, end: 9 },
        ],
      },
      { line: 3, column: 1, snippet: 'foo', ranges: [{ start: 0, end: 3 }] },
    ])
  })

  it('shows the part of a long line around the first occurrence, never half a character', () => {
    const [match] = first(`${'\u{1F600}'.repeat(1000)}needle${'y'.repeat(1000)}`, 'needle')
    expect(match?.column).toBe(2001)
    const { start, end } = match?.ranges[0] ?? { start: 0, end: 0 }
    expect(match?.snippet.slice(start, end)).toBe('needle')
    expect(match?.snippet.isWellFormed()).toBe(true)
    expect(match?.snippet.length).toBeLessThanOrEqual(402)
  })

  it('pages by skipping', () => {
    expect(matchLines('a\na\na\na', insensitive('a'), { limit: 2, skip: 1 }).map(({ line }) => line)).toEqual([2, 3])
  })
})
