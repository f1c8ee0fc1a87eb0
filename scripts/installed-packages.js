/**
 * Says whether node_modules holds what package-lock.json asks for on this platform. Plain JavaScript of 2019 without
 * dependencies: it runs before anything is installed, under the system's Node.
 */
import fs from 'fs'
import path from 'path'

/**
 * @typedef {object} Entry A package of a lockfile, by its folder.
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {string | string[]} [os]
 * @property {string | string[]} [cpu]
 * @property {string | string[]} [libc]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, {optional?: boolean}>} [peerDependenciesMeta]
 */
/** @typedef {Record<string, Entry>} Packages */
/** @typedef {{dev: boolean, platform: string, arch: string}} Target `dev`: development dependencies are needed too */
/** @typedef {{reason: string, optional: boolean, folder: string | null}} Problem `optional`: npm may leave it out */

/** Lists optional packages that npm left out of a finished installation; `npm ci` removes it with the rest. */
const LEFT_OUT = 'node_modules/.tenon-left-out.json'

/**
 * What is wrong with the installation below `root`; empty when nothing is.
 * @param {string} root
 * @param {Target} target
 * @returns {Problem[]}
 * @throws when package-lock.json can not be read
 */
export function findInstallProblems(root, target) {
  const wanted = /** @type {Packages} */ (
    JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  )
  const installed = readInstalled(root)
  if (typeof installed === 'string') return [{ reason: installed, optional: false, folder: null }]
  const leftOut = readLeftOut(root)
  /** @type {Problem[]} */
  const problems = []
  for (const folder of reachable(wanted, target)) {
    const problem = findProblem(root, folder, wanted[folder] || {}, installed[folder])
    if (problem === null) continue
    const optional = isOptional(wanted[folder])
    if (optional && !installed[folder] && leftOut.includes(folder)) continue
    problems.push({ reason: problem, optional, folder })
  }
  for (const folder of Object.keys(installed)) {
    if (!wanted[folder]) problems.push({ reason: name(folder) + ' is no longer wanted', optional: false, folder })
  }
  return problems
}

/**
 * Remembers the optional packages that a finished `npm ci` left out, so that the next look does not repeat it.
 * @param {string} root
 * @param {Problem[]} problems
 */
export function rememberLeftOut(root, problems) {
  fs.writeFileSync(path.join(root, LEFT_OUT), JSON.stringify(problems.map((problem) => problem.folder)))
}

/**
 * The folders of all packages that npm installs on a platform: those reached from the root without passing one that
 * is for another platform. (The lockfile also lists what only such a package needs.)
 * @param {Packages} packages
 * @param {Target} target
 * @returns {Set<string>}
 */
export function reachable(packages, target) {
  /** @type {Set<string>} */
  const found = new Set()
  const queue = ['']
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const dependency of dependenciesOf(packages[from] || {}, from === '' && target.dev)) {
      const folder = resolve(packages, from, dependency)
      if (folder === null || found.has(folder) || !fits(packages[folder] || {}, target)) continue
      found.add(folder)
      queue.push(folder)
    }
  }
  return found
}

/** @param {Entry} entry @param {boolean} dev */
function dependenciesOf(entry, dev) {
  const meta = entry.peerDependenciesMeta || {}
  const peers = Object.keys(entry.peerDependencies || {}).filter((peer) => !(meta[peer] && meta[peer].optional))
  const direct = Object.assign({}, entry.dependencies, entry.optionalDependencies, dev ? entry.devDependencies : {})
  return Object.keys(direct).concat(peers)
}

/** Node's own look-up: the nearest node_modules first. @param {Packages} packages @param {string} from @param {string} dependency */
function resolve(packages, from, dependency) {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('node_modules/') - 1))) {
    const folder = (dir === '' ? '' : dir + '/') + 'node_modules/' + dependency
    if (packages[folder]) return folder
    if (dir === '') return null
  }
}

/** @param {Entry} entry @param {Target} target */
function fits(entry, target) {
  return allows(entry.os, target.platform) && allows(entry.cpu, target.arch)
}

/** npm's rule: none of the negated values, and one of the others if there are any. @param {string | string[] | undefined} list @param {string} value */
function allows(list, value) {
  const values = typeof list === 'string' ? [list] : list || []
  if (values.includes('!' + value)) return false
  const positive = values.filter((entry) => entry[0] !== '!')
  return positive.length === 0 || positive.includes(value) || positive.includes('any')
}

/** @param {Entry | undefined} entry */
function isOptional(entry) {
  return Boolean(entry && (entry.optional || entry.devOptional))
}

/** @param {string} root @param {string} folder @param {Entry} wanted @param {Entry | undefined} installed */
function findProblem(root, folder, wanted, installed) {
  // Which C library this is costs more to find out than the rest together; npm chose, and chose once.
  if (!installed) return wanted.libc ? null : name(folder) + ' is missing'
  if (wanted.link) return null
  if (installed.version !== wanted.version)
    return name(folder) + ' is ' + installed.version + ' and should be ' + wanted.version
  if (wanted.integrity && installed.integrity && installed.integrity !== wanted.integrity)
    return name(folder) + ' is another build of ' + wanted.version
  return fs.existsSync(path.join(root, folder, 'package.json')) ? null : name(folder) + ' is incomplete'
}

/** @param {string} folder */
function name(folder) {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** @param {string} root @returns {Packages | string} what npm says it installed, or why that is not known */
function readInstalled(root) {
  const folder = path.join(root, 'node_modules')
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, '.package-lock.json'), 'utf8')).packages || {}
  } catch {
    // Without the record nothing is known of what is installed: the answer says so.
    return fs.existsSync(folder) && fs.readdirSync(folder).length > 0
      ? 'an earlier installation was interrupted'
      : 'nothing is installed yet'
  }
}

/** @param {string} root @returns {string[]} */
function readLeftOut(root) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, LEFT_OUT), 'utf8'))
  } catch {
    // Nothing was noted as left out.
    return []
  }
}
