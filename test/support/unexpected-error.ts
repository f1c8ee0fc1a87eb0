/**
 * A process that logs as a server does and then ends: `unexpected-error.ts throw|reject|quiet`, with SENTRY_DSN or without.
 * First it says which modules of the error capture it has loaded.
 */
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier.startsWith('@sentry/core')) loaded.push(specifier)
    return next(specifier, context)
  },
})
const { readConfig } = await import('../../src/app/config.ts')
const { openLog } = await import('../../src/app/open-log.ts')

const fail = (): never => {
  throw new Error('nobody expects this of tn_live_0123456789abcdef')
}
const { log, close } = await openLog({ config: readConfig(), role: 'worker' })
process.stdout.write(`${JSON.stringify(loaded)}\n`)
const [how] = process.argv.slice(2)
if (how === 'throw') setTimeout(fail)
else if (how === 'reject') void (async () => fail())()
else {
  log.error({ err: new Error('expected') }, 'failed')
  await close()
}
// Whoever goes on after an unexpected error says so.
if (how !== 'quiet') setTimeout(() => process.stdout.write('still here\n'), 20_000)
