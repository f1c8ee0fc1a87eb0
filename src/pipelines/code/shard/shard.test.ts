import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { ShardStore } from '../search/shard-store.ts'
import { fold } from './fold.ts'
import { DamagedError, FOOTER_BYTES, SEGMENT_BYTES, type BuiltShard } from './format.ts'
import { ANYTHING, all, any, needOfText, type Need } from './need.ts'
import { loadIndex, ShardIndex } from './read-shard.ts'
import { ShardWriter } from './write-shard.ts'

const folder = temporaryFolder('shard')
afterAll(() => folder.remove())
let number = 0

interface Made {
  readonly key: string
  readonly file: string
  readonly built: BuiltShard
  readonly index: ShardIndex
  readonly store: ShardStore
}

function shardOf(texts: readonly (string | Buffer)[]): Made {
  const key = `${++number}`
  const file = join(folder.path, key)
  const writer = new ShardWriter(file)
  texts.forEach((text, i) => writer.add(`s${i}`, Buffer.from(text)))
  const built = writer.finish()
  writer.close()
  const shared = loadIndex(file, { key, checksum: built.checksum })
  const store = new ShardStore(folder.path)
  store.keep(key, shared)
  return { key, file, built, index: new ShardIndex(key, shared), store }
}

function release(...made: readonly Made[]): void {
  for (const { store, key } of made) store.forget(key)
}

function textsOf({ key, index, store }: Made): string[] {
  return Array.from({ length: index.segments }, (_, segment) => store.text(key, segment))
}

function isMarked(bits: Uint8Array | null, segment: number): boolean {
  return bits !== null && ((bits[segment >> 3] ?? 0) & (1 << (segment & 7))) !== 0
}

/** Segments that a need does not offer although they have the text. */
function missed(made: Made, need: Need, has: (text: string) => boolean): number[] {
  const bits = made.index.candidates(need)
  return textsOf(made).flatMap((text, segment) => (has(text) && !isMarked(bits, segment) ? [segment] : []))
}

/** A long text that is the same for the same seed. */
function longText(seed: number, length: number, alphabet: readonly string[]): string {
  let state = seed | 1
  let text = ''
  while (text.length < length) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    text += alphabet[(state >>> 8) % alphabet.length]
  }
  return text
}

const ALPHABETS: readonly (readonly string[])[] = [
  Array.from('abcdeABCDE_ ('),
  Array.from('abkKsSiI\u0130\u0131\u017f\u212a\u00e4\u00c4\u03c2\u03c3\u03a3\u{1f600}\u4e2d\r '),
  Array.from('abcdefghijklmnopqrstuvwxyz0123456789 \t'),
]
const lineOf = (length: fc.Arbitrary<number>) =>
  fc
    .tuple(fc.nat(), length, fc.constantFrom(...ALPHABETS))
    .map(([seed, size, alphabet]) => longText(seed, size, alphabet))
const line = fc.oneof(
  { weight: 12, arbitrary: lineOf(fc.nat({ max: 200 })) },
  { weight: 2, arbitrary: lineOf(fc.integer({ min: 3000, max: 12_000 })) },
  { weight: 1, arbitrary: lineOf(fc.integer({ min: 100_000, max: 120_000 })) },
)
const text = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 60 }), line, fc.nat({ max: 12 }))
  .map(([lines, last, more]) => {
    const once = lines.map(([one, end]) => one + end).join('')
    return once.length > 50_000 ? once + last : once.repeat(more) + last
  })

/** A piece of one of the texts, of whole characters, on one line; in any case. */
function pieceOf(texts: readonly string[], at: readonly [number, number, number], flip: number): string {
  const [which, place, size] = at
  const whole = texts[which % texts.length] ?? ''
  const start = whole.length === 0 ? 0 : place % whole.length
  const [first = ''] = whole.slice(start, start + size).split(/[\r\n]/)
  return Array.from(first.replace(/^[\udc00-\udfff]/, '').replace(/[\ud800-\udbff]$/, ''))
    .map((char, i) =>
      ((flip >> (i % 31)) & 1) === 0 ? char : char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase(),
    )
    .join('')
}
const place = fc.tuple(
  fc.nat(),
  fc.nat(),
  fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 40 }), fc.integer({ min: 250, max: 1000 })),
)

describe('the candidates of a text', () => {
  it('leave out no segment that has it, whatever the texts and the case', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(place, fc.nat()), { minLength: 12, maxLength: 12 }),
        (texts, cuts) => {
          const made = shardOf(texts)
          for (const [at, flip] of cuts) {
            const needle = pieceOf(texts, at, flip)
            if (needle === '') continue
            const wanted = fold(needle)
            expect([needle, missed(made, needOfText(needle), (one) => fold(one).includes(wanted))]).toEqual([
              needle,
              [],
            ])
          }
          release(made)
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  it('leave out no segment either when several are needed, or one of several', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), place, place, (texts, one, other) => {
        const made = shardOf(texts)
        const [a, b] = [fold(pieceOf(texts, one, 0)), fold(pieceOf(texts, other, 0))]
        const needs = [needOfText(a), needOfText(b)]
        expect(missed(made, all(needs), (given) => fold(given).includes(a) && fold(given).includes(b))).toEqual([])
        expect(missed(made, any(needs), (given) => fold(given).includes(a) || fold(given).includes(b))).toEqual([])
        expect(missed(made, ANYTHING, () => true)).toEqual([])
        release(made)
      }),
      { numRuns: 40 },
    )
  }, 60_000)

  it('have every place of a line that is longer than a unit, also across the borders of units', () => {
    const long = longText(7, 40_000, Array.from('abcdefghijklmnopqrstuvwxyz'))
    const made = shardOf([long])
    expect(made.index.segments).toBe(1)
    for (let at = 0; at < long.length - 300; at += 37)
      for (const size of [1, 2, 3, 255, 256, 257, 300])
        expect([at, size, isMarked(made.index.candidates(needOfText(long.slice(at, at + size))), 0)]).toEqual([
          at,
          size,
          true,
        ])
    release(made)
  })

  it('are few: those of a rare text do not have other segments', () => {
    const filler = longText(3, 60_000, Array.from('abcdefgh \n'))
    const made = shardOf([filler, `${filler}\nzebra crossing\n${filler}`, filler])
    const bits = made.index.candidates(needOfText('ZEBRA'))
    const offered = textsOf(made).filter((_, segment) => isMarked(bits, segment))
    expect(offered.length).toBe(1)
    expect(offered[0]).toContain('zebra crossing')
    expect(made.index.candidates(needOfText('xylophone'))).toBe(null)
    expect(made.index.candidates(all([needOfText('zebra'), needOfText('xylophone')]))).toBe(null)
    release(made)
  })

  it('are the same after another text was refused by the same need', () => {
    const [one, other] = [shardOf(['alpha beta gamma']), shardOf(['omega delta'])]
    const need = needOfText('alpha beta')
    expect(other.index.candidates(need)).toBe(null)
    expect(isMarked(one.index.candidates(need), 0)).toBe(true)
    release(one, other)
  })
})

describe('a shard', () => {
  it('keeps each text as it is, in segments of whole lines', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
        const made = shardOf(texts)
        const segments = textsOf(made)
        texts.forEach((given, doc) => {
          const [from, to] = made.index.segmentsOf(doc)
          const parts = segments.slice(from, to)
          expect(parts.join('') === given).toBe(true)
          expect(
            parts.slice(0, -1).every((part) => part.endsWith('\n') && Buffer.byteLength(part) >= SEGMENT_BYTES),
          ).toBe(true)
          let before = 0
          parts.forEach((part, i) => {
            expect(made.index.segment(from + i).lines).toBe(before)
            before += part.split('\n').length - 1
          })
          const lines = given.split('\n').length - (given === '' || given.endsWith('\n') ? 1 : 0)
          expect(made.built.blobs[doc]).toMatchObject({
            sha: `s${doc}`,
            doc,
            lines,
            skipped: null,
            sizeBytes: Buffer.byteLength(given),
          })
        })
        release(made)
      }),
      { numRuns: 30 },
    )
  }, 60_000)

  it('leaves out what is binary or a pointer to another place, and says so', () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n'
    const made = shardOf(['x\0y', pointer, 'text', `# ${pointer}`, pointer + 'x'.repeat(2000), ''])
    expect(made.built.blobs.map(({ doc, skipped, lines }) => [doc, skipped, lines])).toEqual([
      [null, 'binary', 0],
      [null, 'lfs', 0],
      [0, null, 1],
      [1, null, 3],
      [2, null, 4],
      [3, null, 0],
    ])
    expect(made.index.docs).toBe(4)
    release(made)
  })

  it('reads what is not UTF-8 as Windows-1252', () => {
    const made = shardOf([Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0x80, 0x0a]), 'caf\u00e9'])
    expect(textsOf(made)).toEqual(['caf\u00e9 \u20ac\n', 'caf\u00e9'])
    const bits = made.index.candidates(needOfText('CAF\u00c9 \u20ac'))
    expect([isMarked(bits, 0), isMarked(bits, 1)]).toEqual([true, false])
    release(made)
  })

  it('can be empty, or have only what can not be searched', () => {
    for (const texts of [[], ['\0'], [''], ['\n']]) {
      const made = shardOf(texts)
      expect(made.index.candidates(needOfText('abc'))).toBe(null)
      release(made)
    }
  })
})

describe('a damaged shard', () => {
  const made = shardOf([longText(1, 30_000, Array.from('abcdef\n')), longText(2, 9000, Array.from('\u00e4bc\n')), ''])
  const { key, built } = made
  const whole = readFileSync(made.file)
  const textBytes = built.sizeBytes - built.indexBytes
  const open = (bytes: Uint8Array): ShardStore => {
    const file = join(folder.path, 'damaged')
    writeFileSync(file, bytes)
    const store = new ShardStore(folder.path)
    store.keep('damaged', loadIndex(file, { key: 'damaged', checksum: built.checksum }))
    return store
  }
  const readAll = (store: ShardStore): void => {
    for (let segment = 0; segment < made.index.segments; segment++) store.text('damaged', segment)
  }

  it('is told by its checksum wherever a bit of the index is another', () => {
    expect(() => readAll(open(whole))).not.toThrow()
    fc.assert(
      fc.property(fc.integer({ min: textBytes, max: whole.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = Buffer.from(whole)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        expect(() => open(changed)).toThrow(DamagedError)
      }),
      { numRuns: 200 },
    )
    for (let at = whole.length - FOOTER_BYTES; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 0xff
      expect(() => open(changed)).toThrow(DamagedError)
    }
  })

  it('is told wherever a bit of a text is another, when that segment is read', () => {
    fc.assert(
      fc.property(fc.nat({ max: textBytes - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = Buffer.from(whole)
        changed[at] = (changed[at] ?? 0) ^ (1 << bit)
        const store = open(changed)
        const bad = Array.from({ length: made.index.segments }, (_, segment) => segment).filter((segment) => {
          const { start, end } = made.index.segment(segment)
          return start <= at && at < end
        })
        for (const segment of bad) expect(() => store.text('damaged', segment)).toThrow(DamagedError)
        expect(() => readAll(store)).toThrow(DamagedError)
        store.forget('damaged')
      }),
      { numRuns: 100 },
    )
  })

  it('is told when it is cut anywhere, also while it is in use', () => {
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
        expect(() => open(whole.subarray(0, length))).toThrow(DamagedError)
      }),
      { numRuns: 200 },
    )
    const store = open(whole)
    truncateSync(join(folder.path, 'damaged'), 10_000)
    expect(() => readAll(store)).toThrow(DamagedError)
    store.forget('damaged')
  })

  it('is told when it is of another version, something else, or gone', () => {
    const other = Buffer.from(whole)
    other.writeUInt32LE(1, whole.length - FOOTER_BYTES + 4)
    expect(() => open(other)).toThrow(/version/)
    expect(() => open(Buffer.from('not a shard'))).toThrow(DamagedError)
    expect(() => open(Buffer.alloc(0))).toThrow(DamagedError)
    expect(() => loadIndex(join(folder.path, 'no-such'), { key, checksum: '' })).toThrow(/missing/)
    const store = new ShardStore(join(folder.path, 'no-such'))
    store.keep(key, loadIndex(made.file, { key, checksum: built.checksum }))
    expect(() => store.text(key, 0)).toThrow(/missing/)
    expect(() => store.text('never-kept', 0)).toThrow(DamagedError)
  })
})
