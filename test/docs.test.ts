import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { referencePages } from '../scripts/generate-docs.ts'
import { ERROR_CODES } from '../src/contract/errors.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the reference pages', () => {
  for (const [path, text] of referencePages()) {
    it(`${path} is what the contract makes`, () => expect(read(path)).toBe(text))
  }
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
  const pages = globSync('{*.md,docs/**/*.md,src/**/*.md}', { cwd: root })

  it('link only to files that exist', () => {
    expect(pages.length).toBeGreaterThan(8)
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .filter((match) => !existsSync(join(root, dirname(page), match[1] ?? '')))
        .map((match) => `${page}: ${match[1] ?? ''}`),
    )
    expect(broken).toEqual([])
  })

  it('list every ADR in their index', () => {
    const index = read('docs/adr/README.md')
    const missing = globSync('docs/adr/[0-9]*.md', { cwd: root }).filter(
      (path) => !index.includes(path.replace('docs/adr/', '')),
    )
    expect(missing).toEqual([])
  })
})
