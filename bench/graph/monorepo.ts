/**
 * A TypeScript monorepo for when no real one is given, always the same: 40 workspaces of 125 files of about 7 KB, each
 * file with about five imports: of files beside it, of barrels and of other workspaces. Every sixth file is a test.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { git } from '../node.ts'
import { randomOf } from './random.ts'
import type { BenchRepository } from './repository.ts'

const SEED = 20_261
const WORKSPACES = 40
const MODULES = 100
const TESTS = 20
/** Of one folder; each has a barrel. */
const FOLDER = 20
const BYTES = 7_000
const DATE = '2026-01-01T00:00:00Z'

type Random = () => number

/** In a folder that is there and empty. */
export function makeMonorepo(folder: string): BenchRepository {
  const random = randomOf(SEED)
  const write = (path: string, text: string): void => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  write('package.json', json({ name: 'generated-monorepo', private: true, workspaces: ['packages/*'] }))
  for (let workspace = 0; workspace < WORKSPACES; workspace++) writeWorkspace(workspace, random, write)
  git(folder, 'init', '-q', '-b', 'main')
  git(folder, 'add', '-A')
  const gitDir = join(folder, '.git')
  const commit = commitOf(folder, git(folder, 'write-tree').trim())
  git(folder, 'update-ref', 'HEAD', commit)
  return { name: 'generated-monorepo', gitDir, commit }
}

/** Its name depends on its date too. */
function commitOf(cwd: string, tree: string): string {
  const who = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'bench'],
      [`GIT_${role}_EMAIL`, 'bench@example.org'],
      [`GIT_${role}_DATE`, DATE],
    ]),
  )
  const env = { ...process.env, ...who }
  return execFileSync('git', ['commit-tree', '-m', 'generated', tree], { cwd, env, encoding: 'utf8' }).trim()
}

function writeWorkspace(workspace: number, random: Random, write: (path: string, text: string) => void): void {
  const root = `packages/${nameOf(workspace)}`
  const dependencies = Object.fromEntries(
    Array.from({ length: workspace }, (_, other) => [packageOf(other), 'workspace:*']),
  )
  write(
    `${root}/package.json`,
    json({
      name: packageOf(workspace),
      type: 'module',
      exports: { '.': './src/index.ts', './*': './src/*.ts' },
      dependencies,
    }),
  )
  write(
    `${root}/tsconfig.json`,
    json({ compilerOptions: { strict: true, paths: { '~/*': ['./src/*'] } }, include: ['src'] }),
  )
  const folders = Array.from({ length: MODULES / FOLDER }, (_, n) => n)
  write(`${root}/src/index.ts`, folders.map((n) => `export * from './part-${n}/index.js'\n`).join(''))
  for (const n of folders) {
    const modules = Array.from({ length: FOLDER }, (_, i) => n * FOLDER + i)
    write(`${root}/src/part-${n}/index.ts`, modules.map((one) => `export * from './module-${one}.js'\n`).join(''))
  }
  for (let one = 0; one < MODULES; one++) write(`${root}/src/${placeOf(one)}.ts`, moduleText(workspace, one, random))
  for (let one = 0; one < TESTS; one++) {
    const tested = Math.floor(random() * MODULES)
    write(`${root}/src/part-${Math.floor(one / 4)}/case-${one}.test.ts`, testText(workspace, tested, random))
  }
}

function moduleText(workspace: number, one: number, random: Random): string {
  const part = Math.floor(one / FOLDER)
  const imports = new Map<string, string>()
  const add = (other: number, from: (place: string) => string): void => {
    if (other < one) imports.set(valueOf(workspace, other), from(placeOf(other)))
  }
  // Small numbers are imported most, as in real code.
  for (let n = 0; n < 3; n++) add(part * FOLDER + skewed(random, FOLDER), (place) => `./${place.split('/')[1]}.js`)
  add(skewed(random, MODULES), (place) => `~/${place}.js`)
  if (part > 0) add(skewed(random, part * FOLDER), () => `../part-${Math.floor(random() * part)}/index.js`)
  if (workspace > 0) {
    const other = skewed(random, workspace)
    imports.set(valueOf(other, skewed(random, MODULES)), packageOf(other))
  }
  const lines = [...imports].map(([name, from]) => `import { ${name} } from '${from}'\n`)
  return `${lines.join('')}\n${bodyText(valueOf(workspace, one), [...imports.keys()], random)}`
}

function testText(workspace: number, tested: number, random: Random): string {
  const name = valueOf(workspace, tested)
  const head = `import { expect, it } from 'vitest'\nimport { ${name} } from '~/${placeOf(tested)}.js'\n`
  const other = valueOf(workspace, skewed(random, MODULES))
  const barrel = `import { ${other} as other } from '../index.js'\n`
  return `${head}${barrel}\nit('works', () => expect(${name}({ id: 'a', amount: 1, tags: [] })).not.toBe(other))\n\n${bodyText(`${name}Case`, [name], random)}`
}

/** Functions that do what business code does, until the file is long enough. */
function bodyText(name: string, used: readonly string[], random: Random): string {
  const size = BYTES * (0.4 + 1.2 * random())
  let text = `export interface ${name}Record {\n  readonly id: string\n  readonly amount: number\n  readonly tags: readonly string[]\n}\n\n`
  text += `/** Prepares a record for what comes next. */\nexport function ${name}(record: ${name}Record): string {\n`
  text += used.map((other) => `  if (record.id === '${other}') return ${other}(record)\n`).join('')
  text += "  return record.tags.map((tag) => `${tag}:${record.amount}`).join(',')\n}\n"
  for (let n = 0; text.length < size; n++) {
    const limit = Math.floor(random() * 1000)
    text += `\nfunction step${n}(records: readonly ${name}Record[], limit = ${limit}): Map<string, number> {\n`
    text += '  const totals = new Map<string, number>()\n  for (const { id, amount, tags } of records) {\n'
    text += `    if (amount > limit || tags.includes('skipped-${n}')) continue\n`
    text += '    const known = totals.get(id) ?? 0\n    totals.set(id, known + amount * (tags.length + 1))\n  }\n'
    text += `  return totals\n}\n\nexport const ${name}Total${n} = (records: readonly ${name}Record[]): number =>\n`
    text += `  [...step${n}(records).values()].reduce((sum, amount) => sum + amount, ${limit})\n`
  }
  return text
}

function skewed(random: Random, count: number): number {
  return Math.floor(random() ** 2 * count)
}

function nameOf(workspace: number): string {
  return `workspace-${workspace}`
}

function packageOf(workspace: number): string {
  return `@generated/${nameOf(workspace)}`
}

function placeOf(one: number): string {
  return `part-${Math.floor(one / FOLDER)}/module-${one}`
}

function valueOf(workspace: number, one: number): string {
  return `w${workspace}m${one}`
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
