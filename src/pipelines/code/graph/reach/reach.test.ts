import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileKey, UseEdge } from './use-edge.ts'
import { reach, type Reach, type ReachStart } from './reach.ts'
import { reasonOf } from '../../impact/reason.ts'

const signal = new AbortController().signal

function edgeOf(src: string, dst: string, more: Partial<UseEdge> = {}): UseEdge {
  const place = { repository: 'r', src, dstRepository: 'r', dst, line: 1, specifier: `./${dst}` }
  return { ...place, kind: 'import', typeOnly: false, uses: { a: ['a'] }, test: src.includes('test'), ...more }
}

function startOf(path: string, names: readonly string[], typeOnly = false): ReachStart {
  return { repository: 'r', path, names: new Set(names), typeOnly }
}

interface Follow {
  readonly edges: readonly UseEdge[]
  readonly start?: readonly ReachStart[]
  readonly depth?: number
  readonly maxFiles?: number
  readonly asked?: string[][]
}

async function follow({ edges, asked, ...more }: Follow): Promise<Reach> {
  const edgesInto = async (files: readonly FileKey[]): Promise<readonly UseEdge[]> => {
    asked?.push(files.map(({ path }) => path))
    return edges.filter((edge) =>
      files.some(({ repository, path }) => repository === edge.dstRepository && path === edge.dst),
    )
  }
  return reach({ start: [startOf('x', ['a'])], edgesInto, depth: 10, maxFiles: 1000, signal, ...more })
}

/** `path distance symbols confidence`, with `types` when no code runs. */
function told({ files }: Reach): readonly string[] {
  return files.map(({ path, distance, symbols, confidence, typeOnly }) =>
    [path, distance, symbols.join(',') || '-', confidence, ...(typeOnly ? ['types'] : [])].join(' '),
  )
}

describe('a change is followed', () => {
  const through = edgeOf('index', 'x', { kind: 're-export', uses: { '*': ['*'] } })
  const cases: readonly (readonly [string, Follow, readonly string[]])[] = [
    ['to what imports its name', { edges: [edgeOf('y', 'x')] }, ['y 1 a high']],
    ['not to what imports another name', { edges: [edgeOf('y', 'x', { uses: { b: ['b'] } })] }, []],
    ['to what takes the whole module', { edges: [edgeOf('y', 'x', { uses: { '*': ['y'] } })] }, ['y 1 y low']],
    [
      'to whatever is imported when all of a module is affected',
      { edges: [edgeOf('y', 'x', { uses: { b: ['c'] } })], start: [startOf('x', ['*'])] },
      ['y 1 c low'],
    ],
    ['by names through other files', { edges: [edgeOf('y', 'x'), edgeOf('z', 'y')] }, ['y 1 a high', 'z 2 a medium']],
    [
      'under another name',
      { edges: [edgeOf('y', 'x', { uses: { a: ['b'] } }), edgeOf('z', 'y'), edgeOf('w', 'y', { uses: { b: [] } })] },
      ['y 1 b high', 'w 2 - medium'],
    ],
    [
      'no further than a file that passes nothing on',
      { edges: [edgeOf('y', 'x', { uses: { a: [] } }), edgeOf('z', 'y', { uses: { '*': ['*'] } })] },
      ['y 1 - high'],
    ],
    [
      'through `export *` by its name alone',
      { edges: [through, edgeOf('y', 'index'), edgeOf('z', 'index', { uses: { b: ['b'] } })] },
      ['index 1 a high', 'y 2 a medium'],
    ],
    [
      'not through `export *` as the default export',
      { edges: [through, edgeOf('y', 'index', { uses: { '*': ['*'] } })], start: [startOf('x', ['default'])] },
      [],
    ],
    [
      'through all of a module that is imported as a namespace',
      { edges: [edgeOf('y', 'x', { uses: { '*': ['*'] } }), edgeOf('z', 'y', { uses: { b: ['b'] } })] },
      ['y 1 * low', 'z 2 b low'],
    ],
    ['over an edge of which nothing is known', { edges: [edgeOf('y', 'x', { uses: {} })] }, ['y 1 * low']],
    [
      'to types over an import of types, and no more to what runs',
      { edges: [edgeOf('y', 'x', { typeOnly: true }), edgeOf('z', 'y')] },
      ['y 1 a high types', 'z 2 a medium types'],
    ],
    [
      'to what runs when there is a longer way on which it does',
      { edges: [edgeOf('y', 'x', { typeOnly: true }), edgeOf('z', 'x'), edgeOf('y', 'z'), edgeOf('w', 'y')] },
      ['z 1 a high', 'y 1 a high', 'w 2 a medium'],
    ],
    [
      'as types when types alone change',
      { edges: [edgeOf('y', 'x')], start: [startOf('x', ['a'], true)] },
      ['y 1 a high types'],
    ],
    ['around a circle', { edges: [edgeOf('y', 'x'), edgeOf('x', 'y'), edgeOf('y', 'y')] }, ['y 1 a high']],
    [
      'on when more of a file turns out to be affected',
      {
        edges: [
          edgeOf('y', 'x', { uses: { a: ['one'], late: ['two'] } }),
          edgeOf('x', 'y', { uses: { one: ['late'] } }),
          edgeOf('z', 'y', { uses: { two: ['b'] } }),
        ],
      },
      ['y 1 one,two high', 'z 4 b medium'],
    ],
    [
      'into other repositories',
      { edges: [edgeOf('y', 'x', { repository: 's', kind: 'package' }), edgeOf('z', 'y')] },
      ['y 1 a high'],
    ],
  ]
  it.each(cases)('%s', async (_, edges, expected) => {
    expect(told(await follow(edges))).toEqual(expected)
  })

  it('with the import by which each file was reached, and the way on which code runs', async () => {
    const { files } = await follow({
      edges: [
        edgeOf('y', 'x', { uses: { a: ['b'], c: ['d'] }, line: 3 }),
        edgeOf('a.test.ts', 'y', { uses: { '*': ['*'] }, kind: 'mock' }),
        edgeOf('types', 'y', { uses: { b: [] }, typeOnly: true }),
      ],
    })
    const way = files.find(({ path }) => path === 'a.test.ts')?.runtimeWay ?? []
    expect(files[0]?.via).toEqual({ repository: 'r', path: 'x', line: 3, specifier: './x', names: ['a'] })
    expect(files.map(({ path, test, kind }) => [path, test, kind])).toEqual([
      ['y', false, 'import'],
      ['a.test.ts', true, 'mock'],
      ['types', false, 'import'],
    ])
    expect([reasonOf(way), files.at(-1)?.runtimeWay]).toEqual(['a.test.ts → y → x', null])
  })
})

describe('the walk', () => {
  const chain = ['y', 'z', 'w'].map((path, i) => edgeOf(path, ['x', 'y', 'z'][i] ?? ''))

  it('asks for the imports of each file once, a round at a time', async () => {
    const asked: string[][] = []
    await follow({ edges: [...chain, edgeOf('x', 'w')], asked })
    expect(asked).toEqual([['x'], ['y'], ['z'], ['w']])
  })

  it.each([
    [1, 'depth', 1],
    [2, 'depth', 2],
    [3, null, 3],
  ])('to depth %i says %s of what is beyond', async (depth, cut, count) => {
    const found = await follow({ edges: chain, depth })
    expect([found.cut, found.files.length]).toEqual([cut, count])
  })

  it('stops at a number of files, and says so', async () => {
    const edges = Array.from({ length: 9 }, (_, i) => edgeOf(`y${i}`, 'x'))
    const [some, all] = await Promise.all([follow({ edges, maxFiles: 5 }), follow({ edges, maxFiles: 9 })])
    expect([some.files.length, some.cut, all.files.length, all.cut]).toEqual([5, 'files', 9, null])
  })

  it('stops when it is told to', async () => {
    const edgesInto = async (): Promise<readonly UseEdge[]> => []
    const start = [startOf('x', ['a'])]
    const stopped = reach({ start, edgesInto, depth: 1, maxFiles: 1, signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('takes moments over 5,000 files', async () => {
    const names = ['a', 'b', 'c', 'd']
    const edges = Array.from({ length: 30_000 }, (_, i) => {
      const uses = { [names[i % 4] ?? '']: names.slice(i % 3), '*': i % 5 === 0 ? ['a'] : [] }
      return edgeOf(`f${(i * 7919) % 4999}`, i < 4 ? 'x' : `f${(i * i) % 5003}`, { uses })
    })
    const byTarget = Map.groupBy(edges, ({ dst }) => dst)
    const edgesInto = async (files: readonly FileKey[]): Promise<readonly UseEdge[]> =>
      files.flatMap(({ path }) => byTarget.get(path) ?? [])
    const start = performance.now()
    const { files } = await reach({ start: [startOf('x', ['a'])], edgesInto, depth: 20, maxFiles: 5000, signal })
    expect(files.length).toBeGreaterThan(3000)
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

const file = fc.constantFrom('x', 'p', 'q', 's', 't')
const name = fc.constantFrom('a', 'b', '*')
const anyEdge = fc
  .record({
    src: file,
    dst: file,
    kind: fc.constantFrom('import' as const, 're-export' as const),
    typeOnly: fc.boolean(),
    uses: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { minKeys: 1, maxKeys: 2 }),
  })
  .map(({ src, dst, ...more }) => edgeOf(src, dst, more))

/** The same by brute force: everything is tried again until nothing changes. */
function closureOf(edges: readonly UseEdge[], runs: boolean): ReadonlySet<string> {
  const reached = new Set(['x a'])
  const files = new Set<string>()
  for (let before = -1; before !== reached.size;) {
    before = reached.size
    for (const edge of edges.filter(({ typeOnly }) => !runs || !typeOnly))
      for (const [imported, names] of Object.entries(edge.uses))
        for (const affected of ['a', 'b', '*']) {
          if (!reached.has(`${edge.dst} ${affected}`)) continue
          if (imported !== '*' && affected !== '*' && imported !== affected) continue
          files.add(edge.src)
          const through = edge.kind === 're-export' && imported === '*'
          for (const one of names) reached.add(`${edge.src} ${through && one === '*' ? affected : one}`)
        }
  }
  files.delete('x')
  return files
}

it('reaches what trying everything until nothing changes reaches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEdge, { maxLength: 12 }), async (edges) => {
      const { files } = await follow({ edges, depth: 100 })
      const running = files.filter(({ typeOnly }) => !typeOnly)
      expect(new Set(files.map(({ path }) => path))).toEqual(closureOf(edges, false))
      expect(new Set(running.map(({ path }) => path))).toEqual(closureOf(edges, true))
      for (const { runtimeWay } of running) expect(runtimeWay?.at(-1)?.path).toBe('x')
    }),
    { numRuns: 500 },
  )
})
