/** Sends signed events to one address and reports to the process that forked it: never in the thread of the server. */
import { createHmac, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { quantile } from '../statistics.ts'
import type { WebhookLoad, WebhookLoadResult } from './load.ts'

const CONNECTIONS = 64

process.once('disconnect', () => process.exit(1))
process.once('message', (load: WebhookLoad) => {
  void run(load).then((result) => process.send?.(result, () => process.exit(0)))
})

async function run({ url, secret, seconds, sizeBytes, duplicates }: WebhookLoad): Promise<WebhookLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const latencies: number[] = []
  const sent: string[] = []
  let [accepted, known, failed] = [0, 0, 0]
  const began = performance.now()
  const end = began + seconds * 1000
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      // Of what was sent lately, as Stripe does when an answer was slow.
      const again = Math.random() < duplicates ? sent[sent.length - 1 - Math.floor(Math.random() * 1000)] : undefined
      const body = again ?? eventOf(sizeBytes)
      if (again === undefined) sent.push(body)
      const from = performance.now()
      const { status, text } = await post(agent, { url, body, secret })
      latencies.push(performance.now() - from)
      if (status !== 200) failed += 1
      else if (text.includes('duplicate')) known += 1
      else accepted += 1
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  const elapsed = (performance.now() - began) / 1000
  agent.destroy()
  return {
    accepted,
    known,
    failed,
    perSecond: (accepted + known) / elapsed,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  }
}

function eventOf(sizeBytes: number): string {
  const object = {
    id: `sub_${randomUUID()}`,
    object: 'subscription',
    customer: 'cus_bench',
    filler: 'x'.repeat(sizeBytes),
  }
  return JSON.stringify({
    id: `evt_${randomUUID().replaceAll('-', '')}`,
    object: 'event',
    type: 'customer.subscription.updated',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object },
  })
}

function post(
  agent: Agent,
  { url, body, secret }: { url: string; body: string; secret: string },
): Promise<{ status: number; text: string }> {
  const at = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'stripe-signature': `t=${at},v1=${signature}`,
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.once('error', reject).once('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.once('error', reject).end(body)
  })
}
