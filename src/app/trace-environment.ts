import { z } from 'zod'
import { TenonError } from '../kernel/tenon-error.ts'
import { SAMPLERS, type TraceSettings } from '../platform/telemetry/trace-settings.ts'

const text = z.string().optional()

/**
 * The standard variables of OpenTelemetry. They are often set for a whole machine, with other programs in mind: what they
 * say is looked at only when spans are to be sent.
 */
export const TRACE_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: text.describe(
    'Collector that traces are sent to by OTLP over HTTP, such as `http://127.0.0.1:4318`; without it none are made',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: text.describe(
    'The same for traces alone, as the whole address that they are posted to',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: text.describe(
    'Sent to the collector with every request, such as `authorization=Bearer …`, separated by commas',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: text.describe('`http/protobuf` or `http/json`; the first when left out'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: text.describe('The same for traces alone'),
  OTEL_EXPORTER_OTLP_TIMEOUT: text.describe(
    'Longest time of an export with its repeats, in milliseconds; 3000, and 1500 for a command, when left out',
  ),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: text.describe('The same for traces alone'),
  OTEL_TRACES_EXPORTER: text.describe(
    '`otlp`, `console` (a line of JSON for each span on stderr) or `none`; `otlp` when a collector is named',
  ),
  OTEL_TRACES_SAMPLER: text.describe(
    'Which traces are kept: `always_on`, `always_off`, `traceidratio`, or one of them with `parentbased_` before it, which goes by the caller first; `parentbased_always_on` when left out',
  ),
  OTEL_TRACES_SAMPLER_ARG: text.describe('Share that `traceidratio` keeps, from 0 to 1; 1 when left out'),
  OTEL_SERVICE_NAME: text.describe('Name that the traces carry; `tenon` when left out'),
  OTEL_RESOURCE_ATTRIBUTES: text.describe(
    'What else the traces carry, such as `deployment.environment.name=staging`, separated by commas',
  ),
  OTEL_SDK_DISABLED: text.describe('`true` makes no traces, whatever else is set'),
}

type Variables = Readonly<Partial<Record<keyof typeof TRACE_VARIABLES, string | undefined>>>

/** Null when no traces are to be made. @throws TenonError `config_invalid` */
export function traceSettingsOf(e: Variables): TraceSettings | null {
  const endpoint = e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? e.OTEL_EXPORTER_OTLP_ENDPOINT
  const wanted = e.OTEL_TRACES_EXPORTER ?? (endpoint === undefined ? 'none' : 'otlp')
  if (wanted === 'none' || e.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null
  const parsed = SETTINGS.safeParse({ ...e, OTEL_TRACES_EXPORTER: wanted })
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
    throw new TenonError('config_invalid', { details: { issues } })
  }
  const given = parsed.data
  return {
    exporter: given.OTEL_TRACES_EXPORTER,
    protocol: given.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? given.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf',
    sampler: given.OTEL_TRACES_SAMPLER,
    samplerRatio: given.OTEL_TRACES_SAMPLER_ARG,
    serviceName: given.OTEL_SERVICE_NAME,
    timeoutMs: given.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? given.OTEL_EXPORTER_OTLP_TIMEOUT,
  }
}

const address = z.url({ protocol: /^https?$/, error: 'An address that begins with http:// or https://' }).optional()
const protocol = z
  .enum(['http/protobuf', 'http/json'], { error: 'http/protobuf or http/json; gRPC is not spoken' })
  .optional()
const timeout = z.coerce.number().int().min(1).max(60_000).optional()

/** How the variables have to look when they are needed. */
const SETTINGS = z.object({
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'console'], { error: 'otlp, console or none' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: address,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TIMEOUT: timeout,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: timeout,
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_SERVICE_NAME: z.string().optional(),
})
