import { afterAll, describe, expect, it } from 'vitest'
import type { Dependencies, DependencyNode } from '../../../contract/graph.ts'
import { dotOf } from './draw.ts'
import { createDrawer } from './drawer.ts'

type Node = Partial<Omit<DependencyNode, 'via'>> & { readonly path: string; readonly from?: string }

function nodeOf({ from = 'src/target.ts', ...node }: Node): DependencyNode {
  const via = { path: from, repository: 'app', line: 1, specifier: './x', names: ['x'] }
  const plain = { repository: 'app', direction: 'dependent', distance: 1, language: 'typescript' } as const
  return { ...plain, test: false, kind: 'import', typeOnly: false, via, ...node }
}

function answerOf(nodes: readonly Node[], more: Partial<Dependencies> = {}): Dependencies {
  return {
    repository: 'app',
    indexedCommit: '0123456789abcdef',
    indexedAt: null,
    targets: [{ repository: 'app', path: 'src/target.ts', symbol: null, line: null }],
    nodes: nodes.map(nodeOf),
    totals: { dependents: nodes.length, dependencies: 0, cycles: 0, unresolved: 0 },
    truncated: false,
    cycles: [],
    unresolved: [],
    externals: [],
    unknown: [],
    ...more,
  }
}

const drawer = createDrawer()
afterAll(() => drawer.close())
const svgOf = async (answer: Dependencies): Promise<string> => (await drawer.draw(answer, 'svg')).text

/** Texts that are shown, line by line. */
const shownIn = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => (match[1] ?? '').replaceAll('&#45;', '-'))

const HOSTILE = [
  '"];evil [label="x',
  '<script>alert(1)</script>',
  '</title><script>alert(1)</script>.ts',
  '-->&lt;b&gt;&amp;.ts',
  'a\\N\\G\\.ts',
  'ends in \\',
  'two\nlines\u0000\u0007\u202e.ts',
  "it's <b>bold</b> & \ud800.ts",
  '<!--.ts',
  ']]>.ts',
]

describe('a drawing of dependencies', () => {
  it('leads from importers to what they import, whichever was asked about', () => {
    const dot = dotOf(
      answerOf([
        { path: 'src/user.ts' },
        { path: 'src/used.ts', direction: 'dependency' },
        { path: 'src/far.ts', from: 'src/user.ts', distance: 2 },
      ]),
    )
    expect(dot.match(/"[^"]+" -> "[^"]+"/g)).toEqual([
      '"src/user.ts" -> "src/target.ts"',
      '"src/target.ts" -> "src/used.ts"',
      '"src/far.ts" -> "src/user.ts"',
    ])
  })

  it('tells apart tests, types, what is dynamic, and circles', () => {
    const dot = dotOf(
      answerOf(
        [
          { path: 'a/one.test.ts', test: true },
          { path: 'b/two.ts', typeOnly: true },
          { path: 'c/three.ts', kind: 'dynamic' },
          { path: 'd/four.ts' },
        ],
        { cycles: [{ repository: 'app', size: 2, paths: ['d/four.ts', 'src/target.ts'] }] },
      ),
    )
    const lineOf = (path: string): string => dot.split('\n').find((line) => line.includes(`"${path}" ->`)) ?? ''
    expect(dot).toContain('class="box test"')
    expect(lineOf('a/one.test.ts')).toContain('style=solid')
    expect(lineOf('b/two.ts')).toContain('style=dashed')
    expect(lineOf('c/three.ts')).toContain('style=dotted')
    expect(lineOf('d/four.ts')).toContain('class="arrow cycle"')
    for (const part of ['dashed: types only', 'dotted: dynamic', 'red: circle', 'green: tests'])
      expect(dot).toContain(part)
  })

  it('puts neighbours that nothing lies beyond into one box', () => {
    const dot = dotOf(
      answerOf([
        { path: 'src/a.ts' },
        { path: 'src/b.ts' },
        { path: 'src/hub.ts' },
        { path: 'src/far.ts', from: 'src/hub.ts', distance: 2 },
      ]),
    )
    expect(dot).toContain('"src/a.ts\nsrc/b.ts" -> "src/target.ts"')
    expect(dot).toContain('"src/hub.ts" -> "src/target.ts"')
  })

  it('draws the nearest, and says how many it leaves out', async () => {
    const nodes = Array.from({ length: 300 }, (_, i) => ({ path: `src/d${i}/f.ts`, distance: i < 150 ? 2 : 1 }))
    const svg = await svgOf(answerOf(nodes))
    expect(svg.match(/class="node box/g)).toHaveLength(120)
    expect(svg).toContain('181 more files are not drawn')
    expect(shownIn(svg)).toContain('src/d150/')
    expect(shownIn(svg)).not.toContain('src/d0/')
  })

  it('keeps names from repositories as text, in DOT and in SVG', async () => {
    const answer = answerOf(
      HOSTILE.map((path) => ({ path })),
      { targets: HOSTILE.map((path) => ({ repository: 'app', path: `t/${path}`, symbol: path, line: 1 })) },
    )
    const svg = await svgOf(answer)
    expect(svg).not.toMatch(/<script|<b>|<!--|href|xlink|DOCTYPE|<\?xml|https?:\/\/(?!www\.w3\.org\/2000\/svg)/)
    expect(svg.match(/<title>/g)?.length).toBe(svg.match(/<\/title>/g)?.length)
    // oxlint-disable-next-line no-control-regex
    expect(svg).not.toMatch(/[\0-\x08\x0b-\x1f\u202e\ud800]/)
    expect(svg.isWellFormed()).toBe(true)
    const shown = shownIn(svg)
    expect(shown).toContain('"];evil [label="x'.replaceAll('"', '&quot;'))
    expect(shown).toContain('script&gt;')
    expect(shown).toContain('a\\N\\G\\.ts')
    expect(shown).toContain('ends in \\')
    expect(shown).toContain('--&gt;&amp;lt;b&amp;gt;&amp;amp;.ts')
  })

  it('is readable by day and in the dark, and stands on its own', async () => {
    const svg = await svgOf(answerOf([{ path: 'src/user.ts' }]))
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img" width="\d+" height="\d+" viewBox="/)
    expect(svg).toContain('<title>Dependencies of src/target.ts</title>')
    expect(svg).toContain('<title>src/user.ts → src/target.ts</title>')
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).toContain('<polygon fill="#ffffff"')
    expect(svg).not.toMatch(/<text(?![^>]*fill=)/)
    expect(svg).not.toMatch(/fill="black"|stroke="black"/)
  })

  it('draws a file that nothing is known of', async () => {
    const dot = await drawer.draw(answerOf([]), 'dot')
    expect(dot).toMatchObject({ format: 'dot', text: expect.stringContaining('nothing was found') })
    expect(await svgOf(answerOf([], { targets: [] }))).toContain('<svg')
  })
})

describe('the thread that draws', () => {
  const large = answerOf(
    Array.from({ length: 119 }, (_, i) => ({
      path: `d${i}/f.ts`,
      from: i === 0 ? 'src/target.ts' : `d${i >> 1}/f.ts`,
    })),
  )

  it('is ended when it takes too long, and another draws the next', async () => {
    const hasty = createDrawer({ limitMs: 1 })
    await expect(hasty.draw(large, 'svg')).rejects.toMatchObject({ code: 'search_too_slow' })
    await expect(hasty.draw(large, 'svg')).rejects.toMatchObject({ code: 'search_too_slow' })
    await hasty.close()
  })

  it('gives out no more than it may', async () => {
    const small = createDrawer({ maxBytes: 1000 })
    await expect(small.draw(large, 'svg')).rejects.toMatchObject({ code: 'search_too_slow' })
    await small.close()
  })

  it('leaves nobody waiting who has left, or when it is closed', async () => {
    const own = createDrawer()
    const leave = new AbortController()
    const [first, left] = [own.draw(large, 'svg'), own.draw(large, 'svg', leave.signal)]
    leave.abort()
    await expect(left).rejects.toMatchObject({ code: 'cancelled' })
    expect((await first).text).toContain('<svg')
    const under = own.draw(large, 'svg').catch((error: unknown) => error)
    await own.close()
    expect(await under).toMatchObject({ code: 'unavailable' })
    await expect(own.draw(large, 'svg')).rejects.toMatchObject({ code: 'unavailable' })
  })
})
