/**
 * Removes `dist`, which scripts/build-package.ts put into the checkout: `npm pack` calls it at its end. With process ids
 * it waits until these have ended in whatever way, so that a packing that fails leaves nothing behind either. Plain
 * JavaScript of 2019, as npm may run it on an old Node.
 */
import fs from 'fs'
import path from 'path'
import { fileURLToPath } from 'url'

const POLL_MS = 100
const dist = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'dist')

cleanAfter(process.argv.slice(2).map(Number))

/** @param {number[]} pids */
function cleanAfter(pids) {
  if (pids.some(isAlive)) setTimeout(() => cleanAfter(pids), POLL_MS)
  else fs.rmSync(dist, { recursive: true, force: true })
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
