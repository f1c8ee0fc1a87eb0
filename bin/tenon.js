#!/usr/bin/env node
import path from 'path'
import { fileURLToPath } from 'url'
import { currentMajor, findBundledNode, handOver, NEEDED_MAJOR, takeReexecutionMark } from './bundled-node.js'

const file = fileURLToPath(import.meta.url)
const reexecuted = takeReexecutionMark()

if (currentMajor() >= NEEDED_MAJOR) {
  void import('../src/app/bin.ts')
} else {
  const node = reexecuted ? null : findBundledNode(path.dirname(file))
  if (node === null) refuse(null)
  else handOver(node, process.execArgv.concat(file, process.argv.slice(2)), refuse)
}

/** @param {Error | null} reason */
function refuse(reason) {
  const checkout = path.dirname(path.dirname(file))
  console.error(
    'tenon: this is Node ' +
      process.versions.node +
      ', and Tenon needs Node ' +
      NEEDED_MAJOR +
      ' or later.\n' +
      (reason ? 'The Node that comes with Tenon did not start (' + reason.message + ').\n' : '') +
      'Run `npm start` (or `npm ci`) in ' +
      checkout +
      ', which installs that Node beside Tenon, and try again.',
  )
  process.exit(1)
}
