/** How scripts/setup.js starts npm, and what it makes of npm's failures. */
import path from 'path'

/**
 * The npm that runs this script, under the Node that runs it: the Node inside node_modules is about to be replaced.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {string} execPath
 * @returns {{file: string, args: string[], shell: boolean}}
 */
export function npmCommand(root, env, execPath) {
  const cli = env.npm_execpath || ''
  if (/^npm(-cli)?\.c?js$/.test(path.basename(cli))) {
    const inside = path.join(root, 'node_modules') + path.sep
    const nodes = [env.npm_node_execpath, execPath].filter((node) => node !== undefined && !node.startsWith(inside))
    return { file: nodes[0] || execPath, args: [cli], shell: false }
  }
  return process.platform === 'win32'
    ? { file: 'npm.cmd', args: [], shell: true }
    : { file: 'npm', args: [], shell: false }
}

/** @type {[RegExp, string][]} */
const CAUSES = [
  [/ENOSPC|EDQUOT/, 'there is no space left on the disk. Free some, then run the same command again.'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|ENOTCACHED/,
    'the package registry could not be reached. Check the network (or the proxy and registry settings of npm), then run the same command again.',
  ],
  [/E40[13]|E407|ENEEDAUTH/, 'the package registry refused the request. Check the registry settings of npm.'],
  [
    /EINTEGRITY/,
    'a package is not the one that package-lock.json names. Clean the cache of npm, or check the registry.',
  ],
  [/EACCES|EPERM|EROFS/, 'this user may not write in the checkout or in the cache of npm.'],
  [/EUSAGE/, 'package.json and package-lock.json disagree. Run `npm install` and commit both.'],
  [/spawn npm(\.cmd)? ENOENT|is not recognized/, 'npm was not found. Install it (it comes with Node).'],
]

/**
 * One sentence about a failed `npm ci`.
 * @param {number | null} code
 * @param {string} output what npm wrote to its standard error
 */
export function explainFailure(code, output) {
  const cause = CAUSES.find(([pattern]) => pattern.test(output))
  const fallback = '`npm ci` ended with ' + (code === null ? 'a signal' : 'code ' + code) + '; its messages are above.'
  return 'the packages could not be installed: ' + (cause ? cause[1] : fallback)
}

/**
 * The telling part of what npm wrote: its errors, without the help page that it appends.
 * @param {string} output
 */
export function excerpt(output) {
  const lines = output.replace(/\nnpm error Clean install a project[^]*/, '').split('\n')
  const errors = lines.filter((line) => line.startsWith('npm error') && !/^npm error\s*(at .*)?$/.test(line))
  return (errors.length > 0 ? errors : lines).slice(0, 15).join('\n').trim()
}
