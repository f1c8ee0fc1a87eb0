import { describe, expect, it } from 'vitest'
import { TenonError } from '../kernel/tenon-error.ts'
import { readConfig } from './config.ts'

const COLLECTOR = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

function issuesOf(env: Record<string, string>): unknown {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof TenonError && error.code === 'config_invalid') return error.details?.['issues']
    throw error
  }
  return []
}

describe('traces', () => {
  it('are made when a collector is named, or the console is', () => {
    const usual = { exporter: 'otlp', protocol: 'http/protobuf', sampler: 'parentbased_always_on', samplerRatio: 1 }
    expect(readConfig(COLLECTOR).traces).toMatchObject(usual)
    expect(readConfig({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/x' }).traces).toMatchObject(usual)
    expect(readConfig({ OTEL_TRACES_EXPORTER: 'otlp' }).traces).toMatchObject(usual)
    expect(readConfig({ OTEL_TRACES_EXPORTER: 'console' }).traces).toMatchObject({ exporter: 'console' })
  })

  it('are not made otherwise', () => {
    const none = [
      {},
      { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
      { ...COLLECTOR, OTEL_TRACES_EXPORTER: 'none' },
      { ...COLLECTOR, OTEL_SDK_DISABLED: 'TRUE' },
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER: 'of another program' },
    ]
    for (const env of none) expect(readConfig(env).traces).toBe(null)
  })

  it('are as the variables say, those of traces before those of everything', () => {
    const env = {
      ...COLLECTOR,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_SERVICE_NAME: 'own',
    }
    expect(readConfig(env).traces).toEqual({
      exporter: 'otlp',
      protocol: 'http/json',
      sampler: 'traceidratio',
      samplerRatio: 0.25,
      serviceName: 'own',
      timeoutMs: 2_000,
    })
  })

  it('by gRPC are refused with what can be said in its place', () => {
    const message = 'http/protobuf or http/json; gRPC is not spoken'
    for (const path of ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'])
      expect(issuesOf({ ...COLLECTOR, [path]: 'grpc' })).toEqual([{ path, message }])
  })

  it('with another wrong setting are refused as well, without its value', () => {
    for (const [path, value] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'secret:4317'],
      ['OTEL_TRACES_EXPORTER', 'secret'],
      ['OTEL_TRACES_SAMPLER', 'secret'],
      ['OTEL_TRACES_SAMPLER_ARG', '2'],
      ['OTEL_EXPORTER_OTLP_TIMEOUT', 'secret'],
    ] as const) {
      const issues = issuesOf({ ...COLLECTOR, [path]: value })
      expect(issues).toMatchObject([{ path }])
      expect(JSON.stringify(issues)).not.toContain('secret')
    }
  })
})
