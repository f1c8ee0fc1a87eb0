/** One worker of Tenon with chunks that do nothing. Takes DATABASE_URL; ends when it is told to or left alone. */
import type { Log } from '../../src/kernel/ctx.ts'
import { createWakeUp, createWorker } from '../../src/pipelines/engine/index.ts'
import { openDatabase } from '../../src/platform/db/index.ts'
import { tell, wallMs } from './messages.ts'
import { noop, SLOTS } from './noop.ts'

const nothing = (): void => {}
const complain = (fields: object, message: string): void => console.error(message, fields)
const log: Log = { debug: nothing, info: nothing, warn: complain, error: complain, child: () => log }

const seen = new Set<string>()
const pipeline = noop((run) => {
  if (seen.has(run)) return
  seen.add(run)
  tell({ kind: 'begun', run, at: wallMs() })
})
const db = openDatabase({ url: process.env['DATABASE_URL'] ?? '', log })
const slots = Number(process.env['SLOTS'] ?? SLOTS)
const worker = createWorker({ db, pipelines: [pipeline], log, wakeUp: createWakeUp(), slots })
worker.start()
tell({ kind: 'ready' })

process.once('disconnect', () => process.exit(1))
process.once('message', () => {
  void worker
    .stop(1_000)
    .then(() => db.close())
    .then(() => process.exit(0))
})
