import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { currentTraceParent, isTracing, traced } from '../../kernel/trace.ts'
import { startOtlpCollector, type OtlpCollector } from '../../../test/support/otlp-collector.ts'
import type { Role, TraceSettings } from './trace-settings.ts'
import { startTracing } from './tracing.ts'

const SETTINGS: TraceSettings = {
  exporter: 'otlp',
  protocol: 'http/json',
  sampler: 'parentbased_always_on',
  samplerRatio: 1,
  serviceName: undefined,
  timeoutMs: undefined,
}
const SAMPLED = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

async function collect(): Promise<OtlpCollector> {
  const collector = await startOtlpCollector()
  onTestFinished(() => collector.close())
  setEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  return collector
}

function setEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

/** Traces for the time of some work; answers what it was warned of. */
async function trace(
  settings: Partial<TraceSettings>,
  work: () => Promise<unknown>,
  role: Role = 'api',
): Promise<string[]> {
  const warnings: string[] = []
  const warn = (reason: string): void => void warnings.push(reason)
  const stop = await startTracing({ ...SETTINGS, ...settings }, { role, version: '1.2.3', warn })
  try {
    await work()
  } finally {
    await stop()
  }
  return warnings
}

const span = (name: string, parent?: string): Promise<void> =>
  traced(name, parent === undefined ? {} : { parent }, () => Promise.resolve())

describe('tracing', () => {
  it('sends what is left when it stops, and makes no more spans then', async () => {
    const collector = await collect()
    expect(await trace({}, () => span('first'))).toEqual([])
    await span('late')
    expect(collector.spans.map(({ name }) => name)).toEqual(['first'])
    expect(isTracing()).toBe(false)
    await trace({}, () => span('again'))
    expect(collector.spans.map(({ name }) => name)).toEqual(['first', 'again'])
  })

  it('says of which process the spans are', async () => {
    const collector = await collect()
    await trace({}, () => span('a'), 'worker')
    setEnvironment({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=staging' })
    await trace({}, () => span('b'), 'start')
    await trace({ serviceName: 'own' }, () => span('c'), 'cli')
    const [a, b, c] = collector.spans.map(({ resource }) => resource)
    expect(a).toMatchObject({ 'service.name': 'tenon', 'service.version': '1.2.3', 'tenon.role': 'worker' })
    expect(b).toMatchObject({
      'service.name': 'other',
      'deployment.environment.name': 'staging',
      'tenon.role': 'start',
    })
    expect(c).toMatchObject({ 'service.name': 'own', 'tenon.role': 'cli' })
    expect(new Set([a, b, c].map((one) => one?.['service.instance.id'])).size).toBe(3)
  })

  it('speaks JSON and protobuf, and sends the headers that the environment names', async () => {
    const collector = await collect()
    setEnvironment({ OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=acme' })
    await trace({ protocol: 'http/json' }, () => span('a'))
    await trace({ protocol: 'http/protobuf' }, () => span('a'))
    expect(collector.requests.map(({ path, type }) => [path, type])).toEqual([
      ['/v1/traces', 'application/json'],
      ['/v1/traces', 'application/x-protobuf'],
    ])
    expect(collector.requests.map(({ headers }) => headers['x-tenant'])).toEqual(['acme', 'acme'])
  })

  it('prints each span as a line on stderr when it is asked to', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => write.mockRestore())
    await trace({ exporter: 'console' }, () => traced('outer', { attributes: { a: 1 } }, () => span('inner')))
    const lines = write.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
    const [inner, outer] = lines
    expect(lines).toHaveLength(2)
    expect(outer).toMatchObject({ span: 'outer', trace_id: inner?.['trace_id'], attributes: { a: 1 } })
    expect(inner).toMatchObject({ span: 'inner', parent_id: outer?.['span_id'] })
  })
})

describe('a sampler', () => {
  const keeps = async (settings: Partial<TraceSettings>): Promise<readonly string[]> => {
    const collector = await collect()
    await trace(settings, async () => {
      await span('root')
      await span('kept by the caller', SAMPLED)
      await span('dropped by the caller', SAMPLED.replace(/01$/, '00'))
    })
    return collector.spans.map(({ name }) => name)
  }

  it('keeps all, nothing or a share, and goes by the caller first when its name says so', async () => {
    const [all, kept, dropped] = ['root', 'kept by the caller', 'dropped by the caller']
    expect(await keeps({ sampler: 'always_on' })).toEqual([all, kept, dropped])
    expect(await keeps({ sampler: 'always_off' })).toEqual([])
    expect(await keeps({ sampler: 'traceidratio', samplerRatio: 0 })).toEqual([])
    expect(await keeps({ sampler: 'traceidratio', samplerRatio: 1 })).toEqual([all, kept, dropped])
    expect(await keeps({ sampler: 'parentbased_always_on' })).toEqual([all, kept])
    expect(await keeps({ sampler: 'parentbased_always_off' })).toEqual([kept])
    expect(await keeps({ sampler: 'parentbased_traceidratio', samplerRatio: 0 })).toEqual([kept])
  })

  it('that drops a trace says so to whoever goes on with it', async () => {
    await collect()
    await trace({ sampler: 'always_off' }, () =>
      traced('root', {}, async () => {
        expect(currentTraceParent()).toMatch(/-00$/)
        await Promise.resolve()
      }),
    )
  })
})

describe('a collector', () => {
  it('that nobody answers at holds nothing up, and is told of once', async () => {
    const gone = await startOtlpCollector()
    await gone.close()
    setEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: gone.url })
    const began = performance.now()
    let workedMs = 0
    const warnings = await trace(
      {},
      async () => {
        for (let n = 0; n < 2_000; n++) await span(`span ${n}`)
        workedMs = performance.now() - began
      },
      'cli',
    )
    expect(workedMs).toBeLessThan(1_000)
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(warnings).toEqual(['ECONNREFUSED'])
  })

  it('that refuses is told of by its status, not by its words', async () => {
    const collector = await startOtlpCollector({ status: 401 })
    onTestFinished(() => collector.close())
    setEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    expect(await trace({}, () => span('a'))).toEqual(['401'])
  })
})

it('without settings nothing is traced', async () => {
  const stop = await startTracing(null, { role: 'api', version: '1.2.3', warn: () => {} })
  expect(isTracing()).toBe(false)
  await stop()
})
