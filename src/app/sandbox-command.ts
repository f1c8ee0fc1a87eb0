import { EXIT } from '../contract/errors.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { startStripeSandbox, type StripeSandbox } from '../sandbox/stripe/index.ts'
import { untilStopped } from './until-stopped.ts'

interface SandboxOptions {
  readonly port: string | undefined
  readonly state: string | undefined
  readonly json: boolean
  readonly say: (line: string) => void
}

/** Next to the port of Tenon itself. */
const PORT = 7421

/** `tenon sandbox`: third parties of one's own, until Ctrl-C. */
export async function sandbox({ port, state, json, say }: SandboxOptions): Promise<number> {
  const stripe = await started(portOf(port), state)
  say(json ? JSON.stringify({ data: { stripe: { url: stripe.url, apiKey: stripe.apiKey } } }) : guideTo(stripe, state))
  await untilStopped(() => stripe.close())
  return EXIT.done
}

function portOf(text: string | undefined): number {
  const port = text === undefined ? PORT : Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text !== '') return port
  throw new TenonError('usage', { details: { reason: '--port is a number from 0 to 65535' } })
}

async function started(port: number, stateFile: string | undefined): Promise<StripeSandbox> {
  try {
    return await startStripeSandbox({ port, ...(stateFile === undefined ? {} : { stateFile }) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' || code === 'EACCES')
      throw new TenonError('port_in_use', { details: { port, instead: 'tenon sandbox --port <number>' }, cause: error })
    throw new TenonError('usage', { details: { reason: message }, cause: error })
  }
}

function guideTo({ url, apiKey }: StripeSandbox, state: string | undefined): string {
  const post = (path: string, body: object): string =>
    `    curl -H 'content-type: application/json' -d '${JSON.stringify(body)}' ${url}/sandbox/${path}`
  return [
    'Stripe sandbox of Tenon: no real money',
    '',
    `  overview   ${url}/sandbox`,
    `  API        ${url}/v1`,
    `  key        ${apiKey}`,
    `  state      ${state ?? 'in memory, gone at the end; --state <file> keeps it'}`,
    '',
    '  Advance the clock by 31 days:',
    post('advance', { seconds: 2_678_400 }),
    '  Pay a checkout, or open its URL in a browser:',
    post('checkout/cs_test_…/complete', { card: 'ok' }),
    "  Let a customer's card decline, take a payment back, choose what follows the last retry:",
    post('customers/cus_…/card', { state: 'declines' }),
    post('disputes', { charge: 'ch_…' }),
    post('settings', { afterRetries: 'cancel' }),
    '  Make deliveries come twice and out of order, and requests fail:',
    post('faults', { duplicate: 0.5, reorder: 0.5, error500: 0.1 }),
    '',
    'Ctrl-C ends it.',
  ].join('\n')
}
