/** Loaded with `--import`: says at the end, a line each on stderr, which modules of OpenTelemetry the process has loaded. */
import { writeSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load: (url, context, next) => {
    const [, name] = /node_modules\/(@opentelemetry\/[a-z-]+)\//.exec(url) ?? []
    if (name !== undefined && !loaded.includes(name)) loaded.push(name)
    return next(url, context)
  },
})
process.once('exit', () => writeSync(2, `${['all is listed', ...loaded].join('\n')}\n`))
