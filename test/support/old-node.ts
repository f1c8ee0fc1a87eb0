import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PLACES = ['/usr/bin/node', '/usr/local/bin/node']
const NEEDED_MAJOR = 26

/** A command that runs an older Node: the system's where it is one, else this one, pretending to be. */
export function oldNodeCommand(folder: string): { readonly command: readonly string[]; readonly real: boolean } {
  const real = PLACES.find((place) => majorOf(place) < NEEDED_MAJOR)
  if (real) return { command: [real], real: true }
  const pretender = join(folder, 'pretend-old.cjs')
  writeFileSync(
    pretender,
    `if (process.env.PRETEND_OLD) Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })
     delete process.env.PRETEND_OLD`,
  )
  return { command: ['/usr/bin/env', 'PRETEND_OLD=1', process.execPath, '--require', pretender], real: false }
}

/** Puts a Node into a checkout as npm would. */
export function bundleNode(checkout: string, node: string): void {
  mkdirSync(join(checkout, 'node_modules', '.bin'), { recursive: true })
  symlinkSync(node, join(checkout, 'node_modules', '.bin', 'node'))
}

function majorOf(node: string): number {
  try {
    return Number.parseInt(execFileSync(node, ['--version']).toString().slice(1), 10)
  } catch {
    return Infinity
  }
}
