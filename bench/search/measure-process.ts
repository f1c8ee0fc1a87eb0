/** Measures the engine on the repositories that it is sent, and sends what it measured. */
import type { CorpusRepository } from './corpus.ts'
import { measureEngine } from './measure.ts'

process.once('message', (repositories: CorpusRepository[]) => {
  measureEngine(repositories).then(
    (measured) => {
      process.send?.(measured, () => process.disconnect?.())
    },
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
