#!/usr/bin/env node
import fs from 'fs'
import module from 'module'
import path from 'path'
import { fileURLToPath, pathToFileURL } from 'url'
import { currentMajor, findBundledNode, handOver, NEEDED_MAJOR, takeReexecutionMark } from './bundled-node.js'

const file = fileURLToPath(import.meta.url)
const root = path.dirname(path.dirname(file))
/** A checkout has the sources, and runs them whatever else lies there; a package has only what was built of them. */
const inCheckout = fs.existsSync(path.join(root, 'src', 'app', 'bin.ts'))
const reexecuted = takeReexecutionMark()

if (currentMajor() >= NEEDED_MAJOR) {
  keepCompiled()
  if (inCheckout) void import('../src/app/bin.ts')
  else runBuilt()
} else {
  const node = reexecuted ? null : findBundledNode(path.dirname(file))
  if (node === null) refuse(null)
  else handOver(node, process.execArgv.concat(file, process.argv.slice(2)), refuse)
}

/**
 * What Node compiles is kept for the next start: `--help` takes a third of the time of a checkout. It lies beside the
 * code, where only who may change the code can write; anyone else goes without, and nothing fails.
 */
function keepCompiled() {
  if (module.enableCompileCache) module.enableCompileCache(path.join(root, 'node_modules', '.cache', 'tenon'))
}

function runBuilt() {
  const built = path.join(root, 'dist', 'app', 'bin.js')
  if (fs.existsSync(built)) return void import(pathToFileURL(built).href)
  console.error(
    'tenon: this package has no build: it was packed without the scripts of npm. Pack it again, and install that.',
  )
  process.exit(1)
}

/** @param {Error | null} reason */
function refuse(reason) {
  console.error(
    'tenon: this is Node ' +
      process.versions.node +
      ', and Tenon needs Node ' +
      NEEDED_MAJOR +
      ' or later.\n' +
      (reason ? 'The Node that comes with Tenon did not start (' + reason.message + ').\n' : '') +
      (inCheckout
        ? 'Run `npm start` (or `npm ci`) in ' + root + ', which installs that Node beside Tenon, and try again.'
        : 'npm installs that Node with Tenon, as an optional package for ' +
          process.platform +
          '-' +
          process.arch +
          '. Install Tenon again without `--omit=optional`, or put Node ' +
          NEEDED_MAJOR +
          ' on the PATH.'),
  )
  process.exit(1)
}
