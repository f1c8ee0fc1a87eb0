import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../support/git-repository.ts'
import { copyCheckout, locked, manifest, plain, succeed } from '../support/pack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const PORT = 17461
const ADDRESS = `http://127.0.0.1:${PORT}`
/** Measured: 10.6 MB, of which 0.4 MB are Tenon's own. */
const MAX_TARBALL_BYTES = 15_000_000
const MAX_OWN_FILES = 1_000
const SLOW_MS = 190_000

const folder = temporaryFolder('package')
const at = (...parts: string[]): string => join(folder.path, ...parts)
const checkout = at('checkout')
const program = at('prefix', 'bin', 'tenon')
const installed = at('prefix', 'lib', 'node_modules', 'tenon')
let tarball = ''

/** As a person with a home of its own would run what npm has put on the PATH. */
function home(): Record<string, string> {
  return { HOME: at('home'), XDG_DATA_HOME: '', TENON_PORT: String(PORT), TENON_LOCAL_REPOS: at('repos') }
}
const tenon = (...args: string[]): Promise<string> => succeed([program, ...args], { cwd: at('home'), env: home() })

beforeAll(async () => {
  for (const name of ['home', 'repos', 'checkout']) mkdirSync(at(name))
  copyCheckout(checkout)
  await succeed(['npm', 'pack', '--loglevel=error'], { cwd: checkout, timeoutMs: SLOW_MS })
  tarball = join(checkout, `tenon-${manifest.version}.tgz`)
  const install = [
    'npm',
    'install',
    '--global',
    '--prefix',
    at('prefix'),
    '--prefer-offline',
    '--loglevel=error',
    tarball,
  ]
  await succeed(install, { cwd: at('home'), timeoutMs: SLOW_MS })
}, 400_000)
afterAll(() => folder.remove())

describe('the package', () => {
  it('holds JavaScript and documents, no sources, tests or data, and nothing of the machine that built it', async () => {
    const all = (await succeed(['tar', '-tzf', tarball], { cwd: folder.path })).trim().split('\n')
    const own = all.filter((path) => !path.startsWith('package/node_modules/'))
    expect(own).toContain('package/dist/app/bin.js')
    expect(own).toContain('package/db/migrations/0001_identity.sql')
    expect(
      own.filter((path) => !/^package\/(?:(?:bin|db\/migrations|dist|docs|examples)\/|[^/]+$)/.test(path)),
    ).toEqual([])
    const run = own.filter((path) => !path.startsWith('package/examples/'))
    expect(run.filter((path) => /\.tsx?$|\.test\.|(?:^|\/)(?:test|\.tenon)\//.test(path))).toEqual([])
    expect(own.length).toBeLessThan(MAX_OWN_FILES)
    expect(statSync(tarball).size).toBeLessThan(MAX_TARBALL_BYTES)
    const places = [ROOT, folder.path]
    const named = all.filter((path) => {
      const text = readFileSync(join(installed, path.slice('package/'.length)), 'latin1')
      return places.some((place) => text.includes(place))
    })
    expect(named).toEqual([])
  })

  it('has what its documents link to', () => {
    const documents = globSync(['README.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: installed })
    expect(documents.length).toBeGreaterThan(30)
    const broken = documents.flatMap((path) =>
      [...readFileSync(join(installed, path), 'utf8').matchAll(/\]\(([^)#\s]+)/g)].flatMap(([, link = '']) =>
        /^[a-z]+:/.test(link) || existsSync(join(installed, dirname(path), link)) ? [] : [`${path}: ${link}`],
      ),
    )
    expect(broken).toEqual([])
  })

  it('has every file beside the sources that they read', () => {
    const read = (root: string): string[] =>
      globSync('**/*', { cwd: root, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\.(?:tsx?|md)$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    const built = new Set(read(join(installed, 'dist')))
    expect(read(join(checkout, 'src')).filter((path) => !built.has(path))).toEqual([])
  })

  it('brings the locked versions, and an empty package in place of one that phones home', () => {
    const found = globSync('node_modules/{*,@*/*}/package.json', { cwd: installed }).map((path) => {
      const { name, version }: { name: string; version: string } = JSON.parse(
        readFileSync(join(installed, path), 'utf8'),
      )
      return { folder: dirname(path), name, version }
    })
    expect(found.length).toBeGreaterThan(60)
    // Types, which npm places elsewhere; nothing of it runs.
    const others = found.filter(({ folder: path }) => path !== 'node_modules/@oxc-project/types')
    expect(others.filter(({ folder: path, version }) => locked[path]?.version !== version)).toEqual([])
    expect(others.find(({ folder: path }) => path === 'node_modules/@scarf/scarf')?.name).toBe('empty-npm-package')
  })

  it('leaves no build behind in the checkout', () => {
    expect(readdirSync(checkout).filter((name) => /^dist$|shrinkwrap/.test(name))).toEqual([])
  })
})

describe('the installed program', () => {
  it('has its page of the manual where `man` looks for it, beside the folder of programs', () => {
    expect(readFileSync(at('prefix', 'share', 'man', 'man1', 'tenon.1'), 'utf8')).toMatch(/^\.TH TENON 1 /m)
  })

  it('says its version and its commands on a machine with any Node', async () => {
    expect(await tenon('--version')).toContain(manifest.version)
    expect(await tenon('--help')).toContain('start')
  })

  it('starts on a folder of the user, indexes, searches, draws, and stops', async () => {
    makeRepository(at('repos', 'shop'), {
      'src/price.ts': 'export const priceOf = (cents: number): string => `${cents}`\n',
      'src/cart.ts': "import { priceOf } from './price.ts'\nexport const total = () => priceOf(100)\n",
    })
    const child = spawn(program, ['start'], { cwd: at('home'), env: plain(home()), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => (output += part))
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
    try {
      await waitFor(async () => {
        if (child.exitCode !== null) throw new Error(`it ended:\n${output}`)
        return output.includes('Ctrl-C stops')
      }, 90_000)
      expect(output).toContain('  tenon repos add owner/name --wait')
      expect(output).not.toContain('npx')
      expect(existsSync(at('home', '.local/share/tenon/demo.json'))).toBe(true)
      await tenon('repos', 'add', at('repos', 'shop'), '--wait')
      expect(await tenon('search', 'priceOf(')).toContain('src/cart.ts')
      expect(await tenon('deps', 'src/price.ts', '--repository', 'shop')).toContain('src/cart.ts')
      await tenon('graph', 'src/price.ts', '--repository', 'shop', '--out', 'price.svg')
      expect(readFileSync(at('home', 'price.svg'), 'utf8')).toContain('cart.ts')
      const docs = await fetch(`${ADDRESS}/docs`)
      expect(docs.status).toBe(200)
      expect(await docs.text()).toContain('<html')
    } finally {
      child.kill('SIGTERM')
    }
    expect(await ended).toBe(0)
    expect(existsSync(join(installed, '.tenon'))).toBe(false)
  }, 150_000)
})
