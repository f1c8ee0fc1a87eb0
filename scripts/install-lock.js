/**
 * Keeps two set-ups in one checkout from installing at once. A file with a heartbeat, since Node has no file locks and
 * a process id means nothing to another container.
 */
import fs from 'fs'
import path from 'path'

const HEARTBEAT_MS = 2000
const STALE_MS = 15000
const POLL_MS = 250

/**
 * Waits until no other set-up is at work.
 * @param {string} root
 * @param {(text: string) => void} say
 * @returns {Promise<{release(): void}>}
 */
export async function takeInstallLock(root, say) {
  const file = path.join(root, '.setup.lock')
  const token = process.pid + ' ' + Math.random()
  for (let told = false; !tryCreate(file, token); await sleep(POLL_MS)) {
    if (isStale(file)) remove(file)
    else if (!told) {
      told = true
      say('waiting for another set-up in this checkout to finish …')
    }
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS)
  const release = () => {
    clearInterval(heartbeat)
    process.removeListener('exit', release)
    if (read(file) === token) remove(file)
  }
  process.on('exit', release)
  return { release }
}

/** @param {string} file @param {string} token */
function tryCreate(file, token) {
  try {
    fs.writeFileSync(file, token, { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/** @param {string} file */
function isStale(file) {
  try {
    return Date.now() - fs.statSync(file).mtimeMs > STALE_MS
  } catch {
    // It has gone meanwhile, so there is nothing to take over.
    return false
  }
}

/** @param {string} file */
function remove(file) {
  try {
    fs.unlinkSync(file)
  } catch {
    // Gone already: two set-ups found it stale.
  }
}

/** @param {string} file */
function touch(file) {
  try {
    fs.utimesSync(file, new Date(), new Date())
  } catch {
    // Somebody removed it: the next set-up may start, which is what that person wanted.
  }
}

/** @param {string} file */
function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    // There is none: whoever held it has let go.
    return null
  }
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
