import { Stripe } from 'stripe'
import { tracedFetch } from '../../platform/http/traced-fetch.ts'
import type { StripeSettings } from './settings.ts'

const TIMEOUT_MS = 30_000
const NETWORK_RETRIES = 2
/** A page of a hundred objects has about a quarter of a megabyte. */
const MAX_ANSWER_BYTES = 8 * 2 ** 20

/** The official library over our own fetch. */
export function createStripe({ secretKey, baseUrl }: Pick<StripeSettings, 'secretKey' | 'baseUrl'>): Stripe {
  const { protocol, hostname, port } = new URL(baseUrl)
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(fetchBounded),
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
    timeout: TIMEOUT_MS,
    maxNetworkRetries: NETWORK_RETRIES,
    telemetry: false,
  })
}

/** The library sends texts to addresses that it has put together, with the time limit as the signal. */
const fetchBounded = async (address: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
  const { body, status, statusText, headers } = await tracedFetch(textOf(address), { ...init, redirect: 'error' })
  const bounded = body?.pipeThrough(atMost(MAX_ANSWER_BYTES)) ?? null
  return new Response(bounded, { status, statusText, headers })
}

function atMost(limitBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let size = 0
  return new TransformStream({
    transform(piece, controller) {
      size += piece.length
      if (size > limitBytes) controller.error(new Error('the answer is too large'))
      else controller.enqueue(piece)
    },
  })
}

function textOf(address: Parameters<typeof fetch>[0]): string {
  if (typeof address === 'string') return address
  return address instanceof URL ? address.href : address.url
}
