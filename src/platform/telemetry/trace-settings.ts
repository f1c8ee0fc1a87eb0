/** Where spans go, and which; of what the standard variables say, what the SDK does not read by itself. */
export interface TraceSettings {
  readonly exporter: 'otlp' | 'console'
  /** Address, headers and certificates of the collector are read by the exporter. */
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly sampler: Sampler
  /** Share of the traces that the sampler keeps, where it keeps a share. */
  readonly samplerRatio: number
  /** Undefined stands for that of `OTEL_RESOURCE_ATTRIBUTES`, else `tenon`. */
  readonly serviceName: string | undefined
  /** Of one request to the collector; that of the role when left out. */
  readonly timeoutMs: number | undefined
}

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type Sampler = (typeof SAMPLERS)[number]

/** What a process does: everything, its part, or one command. */
export type Role = 'start' | 'api' | 'worker' | 'cli'

export interface TracingOptions {
  readonly role: Role
  readonly version: string
  /** Told at most once a minute that spans were lost; `reason` is a code, never a text from outside. */
  readonly warn: (reason: string) => void
}

/** Sends what is left and makes no more spans; at most a few seconds, whether the collector answers or not. */
export type StopTracing = () => Promise<void>
