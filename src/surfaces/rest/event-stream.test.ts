import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import type { StreamEvent } from '../../kernel/verb.ts'
import { eventStream } from './event-stream.ts'

async function* events(...given: (StreamEvent | Error)[]): AsyncGenerator<StreamEvent> {
  for (const event of given) {
    if (event instanceof Error) throw event
    yield event
  }
}
const read = (stream: AsyncIterable<StreamEvent>) =>
  eventStream(stream, { headers: { 'x-request-id': 'req-1' }, log: silentLog })

describe('a stream of events', () => {
  it('is written as the standard says, with the headers of every response', async () => {
    const response = read(
      events({ id: 'a', event: 'log', data: { text: 'one\ntwo' } }, { id: 'b', event: 'run', data: {} }),
    )
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': 'req-1',
    })
    expect(await response.text()).toBe(
      'retry: 1000\n\nid: a\nevent: log\ndata: {"text":"one\\ntwo"}\n\nid: b\nevent: run\ndata: {}\n\n',
    )
  })

  it('ends when it fails, and tells nothing of why', async () => {
    const text = await read(events({ id: 'a', event: 'log', data: 1 }, new Error('select secret'))).text()
    expect(text).toContain('id: a')
    expect(text).not.toContain('secret')
  })

  it('stops reading when its client leaves', async () => {
    let ended = false
    async function* endless(): AsyncGenerator<StreamEvent> {
      try {
        for (;;) yield { id: 'a', event: 'log', data: 'x'.repeat(1_000) }
      } finally {
        ended = true
      }
    }
    const reader = read(endless()).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(ended).toBe(true)
  })
})
