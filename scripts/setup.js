/**
 * Installs what is missing, then runs a module with the Node that the lockfile brings:
 *
 *     node scripts/setup.js [--dev] [--run <module> [argument…]]
 *
 * `npm start`, `test`, `verify` and `bench` go through it. They name it in the script itself, because npm skips
 * `pre…` hooks when `ignore-scripts` is set; and the module is started from here, because a shell that has run `node`
 * once keeps to that binary even after an installation put a newer one before it on the PATH.
 * Plain JavaScript of 2019 without dependencies: it runs under whatever Node the machine has.
 */
import fs from 'fs'
import path from 'path'
import { spawn, spawnSync } from 'child_process'
import { fileURLToPath } from 'url'
import { currentMajor, findBundledNode, handOver, NEEDED_MAJOR } from '../bin/bundled-node.js'
import { findInstallProblems, rememberLeftOut } from './installed-packages.js'
import { excerpt, explainFailure, npmCommand } from './npm-ci.js'
import { takeInstallLock } from './install-lock.js'

/** The retry times are short, so that a machine without a network hears of it in seconds and not in minutes. */
const CI = [
  'ci',
  '--loglevel=error',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--bin-links',
  '--include=optional',
].concat(['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'])

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

main(process.argv.slice(2)).catch((error) => fail(String((error && error.message) || error)))

/** @param {string[]} args */
async function main(args) {
  const dev = args[0] === '--dev'
  if (dev) args = args.slice(1)
  const target = { dev, platform: process.platform, arch: process.arch }
  if (findInstallProblems(root, target).length > 0) {
    const lock = await takeInstallLock(root, say)
    try {
      await repair(target)
    } finally {
      lock.release()
    }
  }
  if (args[0] === '--run' && args[1]) runModule(path.resolve(root, args[1]), args.slice(2))
}

/** @param {import('./installed-packages.js').Target} target */
async function repair(target) {
  const [problem, ...others] = findInstallProblems(root, target)
  if (!problem) return
  const more = others.length > 0 ? ' (and ' + others.length + ' more)' : ''
  say('installing packages, once: ' + problem.reason + more + ' …')
  const started = Date.now()
  const { code, output } = await npmCi(target.dev)
  if (code !== 0) fail(explainFailure(code, output), output)
  if (output.trim() !== '') process.stderr.write(output)

  const left = findInstallProblems(root, target)
  const serious = left.find((one) => !one.optional || one.folder === null)
  if (serious)
    fail('npm said that it installed everything, but ' + serious.reason + '. Run `npm ci` and see what it says.')
  if (left.length > 0) {
    say('npm left out ' + left.map((one) => one.reason).join(', ') + '. Run `npm ci` to try again.')
    rememberLeftOut(root, left)
  }
  checkBundledNode()
  say('installed in ' + ((Date.now() - started) / 1000).toFixed(1) + ' s.')
}

/** @param {boolean} dev @returns {Promise<{code: number | null, output: string}>} */
function npmCi(dev) {
  const npm = npmCommand(root, process.env, process.execPath)
  const args = CI.concat(dev ? ['--include=dev'] : [])
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(npm.file, npm.args.concat(args), {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: npm.shell,
    })
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: null, output: output + error.message }))
    child.on('close', (code) => resolve({ code, output }))
    for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
      process.once(signal, () => {
        child.kill(signal)
        process.exit(1)
      })
    }
  })
}

function checkBundledNode() {
  if (currentMajor() >= NEEDED_MAJOR) return
  const node = findBundledNode(root)
  const platform = process.platform + '-' + process.arch
  if (node === null)
    fail(
      'Tenon needs Node ' +
        NEEDED_MAJOR +
        ', this is ' +
        process.versions.node +
        ', and npm installed none for ' +
        platform +
        '. Run `npm ci` to try again, or install Node ' +
        NEEDED_MAJOR +
        ' yourself.',
    )
  else if (spawnSync(node, ['--version']).status !== 0)
    fail(
      'The Node ' +
        NEEDED_MAJOR +
        ' from npm does not run on this ' +
        platform +
        ' (is it without glibc?). Install Node ' +
        NEEDED_MAJOR +
        ' yourself.',
    )
}

/** @param {string} file @param {string[]} args */
function runModule(file, args) {
  if (!fs.existsSync(file)) fail(path.relative(root, file) + ' is missing from this checkout.')
  const node = currentMajor() >= NEEDED_MAJOR ? process.execPath : findBundledNode(root)
  if (node === null) fail('No Node ' + NEEDED_MAJOR + ' was found. Run `npm ci` in ' + root + ' and try again.')
  else handOver(node, [file].concat(args), (error) => fail('Node ' + NEEDED_MAJOR + ' did not start: ' + error.message))
}

/** @param {string} text */
function say(text) {
  process.stderr.write('tenon: ' + text + '\n')
}

/** @param {string} text @param {string} [output] @returns {never} */
function fail(text, output) {
  if (output && output.trim() !== '') process.stderr.write(excerpt(output) + '\n')
  say(text)
  process.exit(1)
}
