/** pg-boss, whose jobs do nothing: each is fetched and completed alone. Takes DATABASE_URL, BOSS_QUEUE and BOSS_CONCURRENCY. */
import { PgBoss } from 'pg-boss'
import { tell } from './messages.ts'

const name = process.env['BOSS_QUEUE'] ?? ''
const concurrency = Number(process.env['BOSS_CONCURRENCY'])
const boss = new PgBoss({
  connectionString: process.env['DATABASE_URL'] ?? '',
  max: Math.max(2, concurrency),
  migrate: false,
  schedule: false,
})
boss.on('error', (error) => console.error(error))
await boss.start()
// `work()` looks at most twice a second for its next job; fetched by hand, pg-boss is as fast as it can be.
const stopping = new AbortController()
const loop = async (): Promise<void> => {
  while (!stopping.signal.aborted) {
    const [job] = await boss.fetch(name)
    if (job === undefined) return
    await boss.complete(name, job.id)
  }
}
const loops = Promise.all(Array.from({ length: concurrency }, loop))
tell({ kind: 'ready' })

process.once('disconnect', () => process.exit(1))
process.once('message', () => {
  stopping.abort()
  void loops.then(() => boss.stop({ graceful: false })).then(() => process.exit(0))
})
