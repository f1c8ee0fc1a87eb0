/**
 * Makes `dist`, the sources as JavaScript, for the npm package: Node strips no types inside node_modules. `npm pack`
 * calls it with its process id, and scripts/clean-package.js at the end; a checkout runs its sources.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')
const dist = join(root, 'dist')
const FILE_OF_URL = /\bnew URL\('(\.{1,2}\/[^'$]+)', import\.meta\.url\)/g

try {
  clean()
  cleanAfter(Number(process.argv[2]))
  compile()
  copyAssets()
  for (const path of globSync('**/*.js', { cwd: dist })) rewriteThreads(join(dist, path))
} catch (error) {
  clean()
  console.error(`The package could not be built: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function clean(): void {
  rmSync(dist, { recursive: true, force: true })
}

/** By a process that npm's end does not end. Where npm's id is not known (Windows has no $PPID), `postpack` has to do. */
function cleanAfter(npm: number): void {
  if (!(npm > 0)) return
  const args = [join(root, 'scripts/clean-package.js'), String(npm), String(process.pid)]
  spawn(process.execPath, args, { detached: true, stdio: 'ignore' }).unref()
}

function compile(): void {
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the sources have errors, see above.')
}

/** What stands beside the sources and is read at run time. */
function copyAssets(): void {
  for (const entry of globSync('**', { cwd: src, withFileTypes: true })) {
    if (!entry.isFile() || /\.(?:tsx?|md)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    cpSync(path, join(dist, relative(src, path)))
  }
}

/** tsc rewrites imports; the files of worker threads are plain texts to it. */
function rewriteThreads(file: string): void {
  const text = readFileSync(file, 'utf8')
  const rewritten = text.replaceAll(FILE_OF_URL, (url, path: string) => {
    const built = path.replace(/\.ts$/, '.js')
    if (!existsSync(join(dirname(file), built)))
      throw new Error(`${relative(dist, file)} names ${path}, which is not there.`)
    return url.replace(path, built)
  })
  if (rewritten !== text) writeFileSync(file, rewritten)
}
