import { afterEach, describe, expect, it } from 'vitest'
import { startSentryServer, type SentryServer } from '../../../test/support/sentry-server.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import { createErrorCapture, type ErrorCapture } from './error-capture.ts'
import { createLogger } from './logger.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

async function sentry(answer?: Parameters<typeof startSentryServer>[0]): Promise<SentryServer> {
  const server = await startSentryServer(answer)
  opened.push(server)
  return server
}

async function loggingTo(dsn: string, closeMs?: number) {
  const options = { dsn, environment: 'staging', release: '1.2.3', role: 'worker' }
  const capture = await createErrorCapture(closeMs === undefined ? options : { ...options, closeMs })
  opened.push(capture)
  const log = createLogger({ level: 'error', destination: { write: () => {} }, report: capture.report })
  return { log, capture }
}

const timeOf = async ({ close }: ErrorCapture): Promise<number> => {
  const began = performance.now()
  await close()
  return performance.now() - began
}

describe('an error that is logged', () => {
  it('comes with its stack, its causes and what it is about', async () => {
    const server = await sentry()
    const { log } = await loggingTo(server.dsn)
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const err = new TenonError('source_unreachable', { cause: new TypeError('no route', { cause: 'why' }) })
    log
      .child({ requestId: 'req_1', operation: 'repositories.add', runId: 'run_1', traceId, spanId: 'b7ad6b7169203331' })
      .error({ err, repository: 'acme-payments', elapsedMs: 12 }, 'failed')
    await waitFor(async () => server.events.length > 0, 5_000)
    expect(server.events).toHaveLength(1)
    const [event] = server.events
    expect(event).toMatchObject({
      level: 'error',
      message: 'failed',
      release: '1.2.3',
      environment: 'staging',
      transaction: 'repositories.add',
      tags: { role: 'worker', operation: 'repositories.add', code: 'source_unreachable' },
      contexts: {
        tenon: { request_id: 'req_1', run_id: 'run_1', elapsed_ms: 12 },
        trace: { trace_id: traceId, span_id: 'b7ad6b7169203331' },
        runtime: { name: 'node' },
      },
    })
    const values = event?.exception.values ?? []
    expect(values.map(({ type, value }) => [type, value.split(':')[0]])).toEqual([
      ['Error', '"why"'],
      ['TypeError', 'no route'],
      ['TenonError', 'source_unreachable'],
    ])
    const frame = values[2]?.stacktrace?.frames.at(-1)
    expect(frame?.filename).toContain('error-capture.test.ts')
    expect(frame?.lineno).toBeGreaterThan(0)
    expect(server.raw()).not.toContain('acme-payments')
  })

  it('has the title of what went wrong, also where that is wrapped or stands for several', async () => {
    const server = await sentry()
    const { log } = await loggingTo(server.dsn)
    const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:5432'), new Error('and the other')], '')
    log.child({ pipeline: 'git/code/index', step: 'plan' }).error({ err: toTenonError(refused) }, 'a step failed')
    await waitFor(async () => server.events.length > 0, 5_000)
    expect(server.events[0]?.tags).toMatchObject({ code: 'internal', pipeline: 'git/code/index', step: 'plan' })
    expect(server.events[0]?.exception.values.map(({ type, value }) => [type, value])).toEqual([
      ['Error', 'connect ECONNREFUSED ::1:5432'],
      ['AggregateError', ''],
    ])
  })

  it('comes without secrets, addresses of people and numbers of cards, wherever they stood', async () => {
    const server = await sentry()
    const { log } = await loggingTo(server.dsn)
    const secrets = ['tn_live_0123456789abcdef', 'someone@example.org', '4242424242424242', 'cus_NffrFeUfNV2Hib']
    const text = secrets.join(' and ')
    log
      .child({ requestId: text })
      .error({ err: new Error(text, { cause: new Error(text, { cause: { text } }) }), runId: text, code: text }, text)
    await waitFor(async () => server.events.length > 0, 5_000)
    for (const secret of secrets) expect(server.raw()).not.toContain(secret)
    expect(server.events[0]?.message).toContain('[e-mail]')
  })
})

describe('a Sentry that does not work', () => {
  it('disturbs nobody when it is not there, refuses, or cuts the line', async () => {
    const gone = await startSentryServer()
    await gone.close()
    const refusing = await sentry((response) => void response.writeHead(500).end())
    const cutting = await sentry((response) => void response.destroy())
    for (const { dsn } of [gone, refusing, cutting]) {
      const { log, capture } = await loggingTo(dsn)
      for (let i = 0; i < 5; i++) log.error({ err: new Error('no') }, 'failed')
      expect(await timeOf(capture)).toBeLessThan(2_500)
    }
    expect(refusing.events).toHaveLength(5)
  })

  it('is not waited for longer than the stop may take', async () => {
    const hanging = await sentry(() => {})
    const { log, capture } = await loggingTo(hanging.dsn, 200)
    log.error({ err: new Error('no') }, 'failed')
    await waitFor(async () => hanging.events.length > 0, 5_000)
    expect(await timeOf(capture)).toBeLessThan(1_000)
  })

  it('gets no more than it can take: what is under way is limited, and so is each minute', async () => {
    const hanging = await sentry(() => {})
    const { log, capture } = await loggingTo(hanging.dsn, 300)
    for (let i = 0; i < 1_000; i++) log.error({ err: new Error('no') }, 'failed')
    await capture.close()
    expect(hanging.events.length).toBeLessThanOrEqual(30)
    const quick = await sentry()
    const other = await loggingTo(quick.dsn)
    for (let sent = 20; sent <= 200; sent += 20) {
      for (let i = 0; i < 20; i++) other.log.error({ err: new Error('no') }, 'failed')
      await waitFor(async () => quick.events.length >= Math.min(sent, 120), 5_000)
    }
    await other.capture.close()
    expect(quick.events).toHaveLength(120)
  })
})

it('what is on its way at a stop still arrives, and nothing after it', async () => {
  const server = await sentry((response) => void setTimeout(() => response.end('{}'), 100))
  const { log, capture } = await loggingTo(server.dsn)
  log.error({ err: new Error('last') }, 'failed')
  await capture.close()
  log.error({ err: new Error('too late') }, 'failed')
  expect(server.events.map(({ exception }) => exception.values[0]?.value)).toEqual(['last'])
})
