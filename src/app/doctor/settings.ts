import { connect } from 'node:net'
import type { Config } from '../config.ts'
import { ok, warn, type Finding } from './finding.ts'

const TIMEOUT_MS = 2_000

/** Where errors and traces go, if anywhere: a place that takes no connection gets none. */
export async function reportingFindings({ sentry, traces, tracesEndpoint }: Config): Promise<Finding[]> {
  const found: Finding[] = []
  if (sentry !== undefined) found.push(await reachFinding('Sentry', sentry.dsn, 'SENTRY_DSN'))
  if (traces !== null) {
    if (traces.exporter === 'otlp' && tracesEndpoint !== undefined)
      found.push(await reachFinding('traces', tracesEndpoint, 'OTEL_EXPORTER_OTLP_ENDPOINT'))
    else found.push(ok('traces', `to ${traces.exporter === 'otlp' ? 'the default collector' : 'stderr'}`))
  }
  return found
}

/** Only the host is named: the rest of the address may hold a key. */
async function reachFinding(check: string, address: string, variable: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(address)
  const number = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port)
  const host = hostname.replace(/^\[|\]$/g, '')
  const reached = await reaches(host, number)
  return reached
    ? ok(check, `${host}:${number} takes connections`)
    : warn(
        check,
        `${host}:${number} does not answer`,
        `What is sent there is lost: check ${variable}, or leave it out.`,
      )
}

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (reached: boolean) => (): void => {
      socket.destroy()
      resolve(reached)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
