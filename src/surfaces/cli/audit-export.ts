import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { listAudit } from '../../contract/audit.ts'
import type { Client } from '../../contract/client.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { waitOf } from './rate-limit.ts'

const LARGEST_PAGE = listAudit.query.shape.limit.unwrap().maxValue ?? undefined

export function addAuditExport(program: Command, context: Context): void {
  const command = commandAt(program, 'audit export')
    .summary('Write the whole audit trail as JSON lines')
    .description(
      'Write the whole audit trail to the standard output, oldest entry first, each as one line of JSON just as the API gives it. Goes on by itself after a rate limit of up to a minute.',
    )
    .action(() => exportAudit(context.client(), context))
  addExamples(command, ['tenon audit export > audit.jsonl', 'tenon audit export | tenon audit verify -'])
}

/** Page by page, so that a trail of any length needs the memory of one page. */
async function exportAudit(client: Client, { settings: { out }, note }: Context): Promise<void> {
  let cursor: string | undefined
  do {
    const input = { order: 'oldest', limit: LARGEST_PAGE, cursor } as const
    const { data, meta } = await patiently(() => client.call(listAudit, input), note)
    out(data.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    cursor = meta?.pagination.nextCursor ?? undefined
  } while (cursor !== undefined)
}

async function patiently<T>(call: () => Promise<T>, say: (text: string) => void): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (thrown) {
      const seconds = waitOf(thrown)
      if (seconds === undefined) throw thrown
      say(`Rate limit reached; going on in ${seconds} s.\n`)
      await sleep(seconds * 1000)
    }
  }
}
