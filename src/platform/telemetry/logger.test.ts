import { describe, expect, it } from 'vitest'
import { recordSpans } from '../../../test/support/record-spans.ts'
import { traced } from '../../kernel/trace.ts'
import type { Level } from './levels.ts'
import { createLogger, type LoggedError } from './logger.ts'

type Line = Record<string, unknown>

function collect(level: Level = 'info') {
  const lines: Line[] = []
  const reported: LoggedError[] = []
  const log = createLogger({
    level,
    destination: { write: (text) => void lines.push(JSON.parse(text) as Line) },
    report: (error) => void reported.push(error),
  })
  return { log, lines, reported }
}

describe('a log line', () => {
  it('names its fields in snake_case, those of its parents included, and leaves values as they are', () => {
    const { log, lines } = collect()
    log
      .child({ requestId: 'req_1', userId: 'u' })
      .child({ runId: 'run_1' })
      .info({ elapsedMs: 1.5, jobId: 'j', httpURL: 'x', already_so: 1, details: { indexedCommit: 'abc' } }, 'done')
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
        request_id: 'req_1',
        user_id: 'u',
        run_id: 'run_1',
        elapsed_ms: 1.5,
        job_id: 'j',
        http_url: 'x',
        already_so: 1,
        details: { indexedCommit: 'abc' },
        msg: 'done',
      },
    ])
  })

  it('is written from the level on that was asked for', () => {
    for (const [level, expected] of [
      ['debug', 4],
      ['warn', 2],
      ['silent', 0],
    ] as const) {
      const { log, lines } = collect(level)
      for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]({}, name)
      expect(lines).toHaveLength(expected)
    }
  })

  it('has nothing secret or personal in message, fields, parents, stack or causes', () => {
    const { log, lines } = collect()
    const cause = new Error('no charge for cus_NffrFeUfNV2Hib')
    log
      .child({ asked: 'by someone@example.org' })
      .error({ apiKey: 'k', err: new Error('card 4242424242424242', { cause }) }, 'with tn_live_0123456789')
    const text = JSON.stringify(lines)
    expect(text).not.toMatch(/someone@|4242|cus_N|tn_live|"k"/)
    const stack = expect.stringContaining('logger.test.ts') as unknown
    expect(lines[0]?.['err']).toEqual({
      name: 'Error',
      message: 'card [card]',
      stack,
      cause: { name: 'Error', message: 'no charge for [redacted]', stack },
    })
  })
})

describe('a line inside of a span', () => {
  it('says which, and no other line does', async () => {
    const { log, lines, reported } = collect()
    const [span] = await recordSpans(() =>
      traced('work', {}, async () => log.error({ err: new Error('no') }, 'inside')),
    )
    log.info({}, 'outside')
    const { traceId, spanId } = span?.spanContext() ?? {}
    const ids = { trace_id: traceId, span_id: spanId }
    expect(traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(lines[0]).toMatchObject(ids)
    expect(reported[0]?.fields).toMatchObject(ids)
    expect(Object.keys(lines[1] ?? {})).toEqual(['level', 'time', 'msg'])
  })
})

describe('an error that is logged', () => {
  it('is reported as it stands in the line, also when nothing is written', () => {
    const { log, lines, reported } = collect('silent')
    log.child({ requestId: 'req_1' }).error({ err: new TypeError('for someone@example.org'), status: 500 }, 'failed')
    expect(lines).toEqual([])
    expect(reported).toEqual([
      {
        message: 'failed',
        fields: expect.objectContaining({ request_id: 'req_1', status: 500 }) as unknown,
        err: expect.objectContaining({ name: 'TypeError', message: 'for [e-mail]' }) as unknown,
      },
    ])
  })

  it('is not reported at another level, or without an error', () => {
    const { log, reported } = collect()
    log.warn({ err: new Error('no') }, 'passes')
    log.error({ status: 500 }, 'without')
    expect(reported).toEqual([])
  })
})
