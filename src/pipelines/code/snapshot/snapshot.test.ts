import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { DamagedError } from '../shard/format.ts'
import { CLASSES, classOf } from './class-of.ts'
import {
  checksumOf,
  encodeSnapshot,
  loadSnapshot,
  Snapshot,
  type SnapshotFile,
  type SnapshotShard,
} from './snapshot.ts'

const folder = temporaryFolder('snapshot')
afterAll(() => folder.remove())
let written = 0

function write(bytes: Uint8Array, checksum = checksumOf(bytes)): { file: string; shard: SnapshotShard } {
  const key = `s${++written}`
  const file = join(folder.path, key)
  writeFileSync(file, bytes)
  return { file, shard: { key, checksum } }
}

function roundTrip(shards: readonly SnapshotShard[], files: readonly SnapshotFile[]): Snapshot {
  const { file, shard } = write(encodeSnapshot(shards, files))
  return new Snapshot(shard.key, loadSnapshot(file, shard))
}

const name = fc.stringMatching(/^[a-cA-C\u00e4\u4e2d\u{1f600} .[-]{1,5}$/u)
const path = fc
  .tuple(fc.array(fc.oneof(name, fc.constantFrom('src', 'test', 'dist', 'vendor')), { maxLength: 4 }), name)
  .map(([folders, last]) => [...folders, last].join('/'))
const file = fc.record({
  path,
  shard: fc.nat({ max: 3 }),
  doc: fc.nat(),
  language: fc.constantFrom(null, 'typescript', 'python', 'c++'),
})
const SHARDS = ['one', 'two', 'three', 'four'].map((key) => ({ key, checksum: `sum of ${key}` }))

describe('a snapshot', () => {
  it('gives back every file, by class and path, and finds each by its path', () => {
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (one) => one.path, maxLength: 40 }), path, (files, other) => {
        const snapshot = roundTrip(SHARDS, files)
        expect(snapshot.files).toBe(files.length)
        expect(snapshot.shards).toEqual(SHARDS)
        for (const one of files) {
          const at = snapshot.find(one.path) ?? -1
          const language = snapshot.languages[(snapshot.languageOf[at] ?? 0) - 1] ?? null
          expect({ path: snapshot.path(at), shard: snapshot.shardOf[at], doc: snapshot.docOf[at], language }).toEqual(
            one,
          )
          const [from, to] = snapshot.rangeOf(CLASSES.indexOf(classOf(one.path)))
          expect(from <= at && at < to).toBe(true)
        }
        expect(snapshot.find(other) === null).toBe(!files.some((one) => one.path === other))
        for (const [number] of CLASSES.entries()) {
          const [from, to] = snapshot.rangeOf(number)
          for (let at = from + 1; at < to; at++)
            expect(Buffer.compare(snapshot.pathBytes(at - 1), snapshot.pathBytes(at))).toBe(-1)
        }
        expect([snapshot.rangeOf(0)[0], snapshot.rangeOf(CLASSES.length - 1)[1]]).toEqual([0, files.length])
      }),
      { numRuns: 100 },
    )
  })

  it('may have no file', () => {
    const snapshot = roundTrip([], [])
    expect([snapshot.files, snapshot.find(''), snapshot.find('a'), snapshot.rangeOf(0)]).toEqual([
      0,
      null,
      null,
      [0, 0],
    ])
  })

  it('of 70,000 files is written, read and searched within two seconds', () => {
    const files = Array.from({ length: 70_000 }, (_, i) => ({
      path: `packages/p${i % 97}/${i % 3 === 0 ? 'test' : 'src'}/module-${i}.ts`,
      shard: i % 4,
      doc: i,
      language: 'typescript',
    }))
    const began = performance.now()
    const snapshot = roundTrip(SHARDS, files)
    const wrong = files.filter(({ path: at, doc }) => snapshot.docOf[snapshot.find(at) ?? -1] !== doc)
    expect(wrong).toEqual([])
    expect(performance.now() - began).toBeLessThan(2000)
  })

  it('that is altered, cut, of another version, or gone is told', () => {
    const bytes = encodeSnapshot(SHARDS, [{ path: 'a.ts', shard: 0, doc: 0, language: 'typescript' }])
    const sum = checksumOf(bytes)
    const load = (given: Uint8Array, checksum = sum): Snapshot => {
      const { file: at, shard } = write(given, checksum)
      return new Snapshot(shard.key, loadSnapshot(at, shard))
    }
    expect(load(bytes).files).toBe(1)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      expect(() => load(changed)).toThrow(DamagedError)
      expect(() => load(bytes.subarray(0, at))).toThrow(DamagedError)
    }
    const other = Buffer.from(bytes)
    other.writeUInt32LE(7, 4)
    expect(() => load(other, checksumOf(other))).toThrow(/version/)
    expect(() => loadSnapshot(join(folder.path, 'gone'), { key: 'gone', checksum: sum })).toThrow(/missing/)
  })
})

describe('the class of a file', () => {
  it('is told by its path', () => {
    const classes = {
      source: [
        'a.ts',
        'src/contest.ts',
        'src/latest/a.go',
        'testing.md',
        'src/attest.py',
        'distance/a.ts',
        'outer/a.c',
        'src/build.ts',
        'Test.md',
        'vendored.go',
      ],
      test: [
        'a.test.ts',
        'a.spec.js',
        'src/a_test.go',
        'test/a.ts',
        'pkg/tests/a.py',
        '__tests__/a.js',
        'test_a.py',
        'x/conftest.py',
        'FooTest.java',
        'FooTests.cs',
        'e2e/a.ts',
        'src/testdata/x',
        'src/__snapshots__/a.snap',
        'fixtures/a',
      ],
      built: [
        'dist/a.js',
        'x/node_modules/y/a.js',
        'vendor/a.go',
        'a.min.js',
        'a.js.map',
        'package-lock.json',
        'x/yarn.lock',
        'go.sum',
        'test/dist/a.test.js',
        'build/a',
        'x/__pycache__/a.pyc',
      ],
    }
    for (const [expected, paths] of Object.entries(classes))
      for (const one of paths) expect([one, classOf(one)]).toEqual([one, expected])
  })
})
