import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { anchorOf } from '../scripts/docs/markdown.ts'
import { withIncludedFiles } from '../scripts/docs/included-files.ts'
import { guides, referencePages } from '../scripts/generate-docs.ts'
import { documentedVariables } from '../src/app/variables.ts'
import { ERROR_CODES } from '../src/contract/errors.ts'
import { OPERATIONS } from '../src/contract/index.ts'
import { isAbsent } from '../src/contract/operation.ts'
import { VERSION } from '../src/contract/health.ts'
import { PLANS, type Plan } from '../src/contract/plans.ts'
import { documents, linksOf, placesOf } from './documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the reference pages', () => {
  for (const [path, text] of referencePages()) {
    it(`${path} is what the contract makes`, () => expect(read(path)).toBe(text))
  }

  it('have every variable that has a description, and no variable of tests', () => {
    const rows = [...read('docs/reference/environment.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
    expect(new Set(rows)).toEqual(new Set(documentedVariables().map(({ name }) => name)))
    expect(rows).toContain('DATABASE_URL')
    expect(rows).not.toContain('TENON_FAILPOINTS')
  })

  it('have every operation, and every tool', () => {
    const headings = (path: string): string[] =>
      [...read(path).matchAll(/^###? (\w[\w.]*)$/gm)].map(([, name = '']) => name)
    const tools = OPERATIONS.flatMap(({ surfaces: { mcp } }) => (isAbsent(mcp) ? [] : [mcp.tool]))
    expect(headings('docs/reference/operations.md')).toEqual(expect.arrayContaining(OPERATIONS.map(({ name }) => name)))
    expect(headings('docs/reference/mcp-tools.md').toSorted()).toEqual(tools.toSorted())
  })
})

describe('the guides', () => {
  for (const [path, text] of guides()) {
    it(`${path} has the files that it includes as they are`, () => expect(read(path)).toBe(text))
  }

  it('would be found out of date', () => {
    const guide = '<!-- include: a.ts -->\n```ts\nold\n```\n'
    expect(withIncludedFiles(guide, () => 'new\n')).toBe(guide.replace('old', 'new'))
  })

  it('include every example that there is', () => {
    const included = [...guides().values()].flatMap((text) =>
      [...text.matchAll(/<!-- include: (\S+) -->/g)].map((match) => match[1]),
    )
    expect(new Set(included)).toEqual(new Set(globSync('examples/**/*.ts', { cwd: root })))
  })

  it('have the limits of every plan', () => {
    const text = read('docs/guide/production.md')
    const cells = (row: string): string[] =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(2, -1)
    const rows = Object.keys(PLANS.free).map((limit) => {
      const values = Object.values(PLANS).map((plan) => plan[limit as keyof Plan].toLocaleString('en'))
      return text.split('\n').some((line) => cells(line).join() === values.join())
        ? []
        : [`${limit}: ${values.join(', ')}`]
    })
    expect(rows.flat()).toEqual([])
    expect(text).toContain(`| | ${Object.keys(PLANS).join(' | ')} |`)
  })

  it('and the reference pages are all in their index', () => {
    for (const folder of ['docs/guide', 'docs/reference']) {
      const index = linksOf(`${folder}/README.md`).map(({ target }) => target)
      const pages = globSync([`${folder}/*.md`, `${folder}/*/README.md`], { cwd: root })
      expect(pages.filter((page) => page !== `${folder}/README.md` && !index.includes(page))).toEqual([])
    }
  })
})

describe('the page of releases', () => {
  const page = read('docs/releases.md')
  const migrations = globSync('db/migrations/*.sql', { cwd: root }).map((path) => path.replace(/^.*\/|\.sql$/g, ''))

  it('has this release, and every migration with the way back', () => {
    const rows = [...page.matchAll(/^\| `(\d{4}_\w+)` \|.*\| (.+) \|$/gm)]
    expect(rows.map((match) => match[1])).toEqual(migrations.toSorted())
    for (const [, name, back] of rows)
      expect([name, back]).toEqual([name, expect.stringMatching(/^(?:undo|restore|–)/)])
    expect(page).toContain(`## ${VERSION}`)
  })

  it('says how to undo what can be undone, the newest first', () => {
    const undone = [...page.matchAll(/^-- (\d{4}_\w+)$/gm)].map((match) => match[1])
    const promised = [...page.matchAll(/^\| `(\d{4}_\w+)` \|.*\| undo \|$/gm)].map((match) => match[1])
    expect(undone).toEqual(promised.toReversed())
  })
})

describe('the error table', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter(
    (path) => !path.endsWith('.test.ts') && !/^src\/contract\/\w*-?errors\.ts$/.test(path),
  )
  const text = sources.map(read).join('\n')

  it('has a row on the errors page for every code, and no other row', () => {
    const documented = [...read('docs/errors/README.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
    expect(documented).toEqual([...ERROR_CODES])
  })

  it('has no code that nothing gives', () => {
    expect(ERROR_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([])
  })
})

describe('the documents', () => {
  it('link only to files and places that exist', () => {
    const pages = documents()
    expect(pages.length).toBeGreaterThan(8)
    const broken = pages.flatMap(linksOf).filter(({ target, place }) => {
      if (!existsSync(join(root, target))) return true
      return place !== null && target.endsWith('.md') && !placesOf(target, anchorOf).has(place)
    })
    expect(broken.map(({ page, target, place }) => `${page}: ${target}${place === null ? '' : `#${place}`}`)).toEqual(
      [],
    )
  })

  it('list every ADR in their index', () => {
    const index = read('docs/adr/README.md')
    const missing = globSync('docs/adr/[0-9]*.md', { cwd: root }).filter(
      (path) => !index.includes(path.replace('docs/adr/', '')),
    )
    expect(missing).toEqual([])
  })
})
