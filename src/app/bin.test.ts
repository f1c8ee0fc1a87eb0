import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

const PROGRAM = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
process.argv.splice(1, process.argv.length, 'tenon', '--help')
process.on('exit', () => console.error(JSON.stringify(loaded)))
await import(${JSON.stringify(new URL('bin.ts', import.meta.url).href)})
`

/** Measured: 0.18 s for `--help`, of 210 modules; with what a server needs there were 430. */
it('the help loads nothing that only a server needs', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  expect(stdout).toContain('First steps')
  const loaded: string[] = JSON.parse(stderr.trim().split('\n').at(-1) ?? '[]')
  expect(loaded.length).toBeGreaterThan(100)
  const heavy =
    /\/src\/(?:domains|pipelines|platform\/(?:db|postgres|queue))\/|\/node_modules\/(?:pg|pino|jose|hono|@clack)\//
  expect(loaded.filter((url) => heavy.test(url))).toEqual([])
})
