import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { PACKS } from '../contract/billing.ts'
import type { PLANS } from '../contract/plans.ts'
import { createStripe, STRIPE_EVENT_TYPES, type Sold, type StripeSettings } from '../domains/billing/index.ts'
import { startStripeSandbox, type StripeSandbox } from '../sandbox/stripe/index.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

/** Made-up money. */
const PLAN_CENTS = { solo: 2_900, team: 9_900 } as const satisfies Partial<Record<keyof typeof PLANS, number>>
const PACK_CENTS = { small: 900, medium: 6_900, large: 49_900 } as const satisfies Record<keyof typeof PACKS, number>

interface Wanted {
  readonly lookupKey: string
  readonly name: string
  readonly cents: number
  readonly sold: Sold
}

const WANTED: readonly Wanted[] = [
  ...(['solo', 'team'] as const).map((plan) => ({
    lookupKey: `tenon_plan_${plan}`,
    name: `Tenon ${plan}`,
    cents: PLAN_CENTS[plan],
    sold: { plan },
  })),
  ...(['small', 'medium', 'large'] as const).map((pack) => ({
    lookupKey: `tenon_pack_${pack}`,
    name: `${PACKS[pack].credits.toLocaleString('en')} credits`,
    cents: PACK_CENTS[pack],
    sold: { pack },
  })),
]

const endpointFile = z.object({ id: z.string(), url: z.string(), secret: z.string() })

export interface SandboxOptions {
  /** Where the state is kept; in memory when left out. */
  readonly dir?: string
  readonly port: number
  /** Of the API that events are sent to. */
  readonly webhookUrl: string
}

/** The Stripe that `tenon start` brings along when it is given none: no real money, and nothing leaves this machine. */
export async function startSandboxStripe(
  options: SandboxOptions,
): Promise<{ readonly sandbox: StripeSandbox; readonly settings: StripeSettings }> {
  const { dir, port } = options
  if (dir !== undefined) mkdirSync(dir, { recursive: true, mode: 0o700 })
  const state = dir === undefined ? {} : { stateFile: join(dir, 'stripe.json') }
  const sandbox = await startStripeSandbox({ port, ...state }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return startStripeSandbox({ port: 0, ...state })
    throw error
  })
  try {
    return { sandbox, settings: await settingsFor(sandbox, options) }
  } catch (error) {
    await sandbox.close()
    throw error
  }
}

/** Prices and the endpoint as an operator makes them at Stripe; those of an earlier start are used again. */
export async function settingsFor(
  { url: baseUrl, apiKey: secretKey }: Pick<StripeSandbox, 'url' | 'apiKey'>,
  { webhookUrl, dir }: Pick<SandboxOptions, 'webhookUrl' | 'dir'>,
): Promise<StripeSettings> {
  const stripe = createStripe({ secretKey, baseUrl })
  const prices = new Map<string, Sold>()
  for (const wanted of WANTED) prices.set(await priceOf(stripe, wanted), wanted.sold)
  const secret = await endpointSecret(stripe, { webhookUrl, dir })
  return { secretKey, baseUrl, prices, webhookSecrets: [secret], sandbox: true }
}

type Stripe = ReturnType<typeof createStripe>

async function priceOf(stripe: Stripe, { lookupKey, name, cents, sold }: Wanted): Promise<string> {
  const [there] = (await stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 })).data
  if (there !== undefined) return there.id
  const product = await stripe.products.create({ name }, { idempotencyKey: `tenon:product:${lookupKey}` })
  const price = await stripe.prices.create(
    {
      product: product.id,
      currency: 'usd',
      unit_amount: cents,
      lookup_key: lookupKey,
      ...('plan' in sold ? { recurring: { interval: 'month' as const } } : {}),
    },
    { idempotencyKey: `tenon:price:${lookupKey}` },
  )
  return price.id
}

/** Stripe shows the secret of an endpoint once, so that it is kept beside the state. */
async function endpointSecret(
  stripe: Stripe,
  { webhookUrl: url, dir }: { readonly webhookUrl: string; readonly dir?: string | undefined },
): Promise<string> {
  const file = dir === undefined ? null : join(dir, 'endpoint.json')
  const kept = file === null ? null : readPrivateFile(file, endpointFile)
  const { data: endpoints } = await stripe.webhookEndpoints.list({ limit: 100 })
  const enabledEvents = [...STRIPE_EVENT_TYPES] as ['*']
  if (kept !== null && endpoints.some(({ id, url: at }) => id === kept.id && at === url)) {
    // A version of before may have heard fewer.
    await stripe.webhookEndpoints.update(kept.id, { enabled_events: enabledEvents })
    return kept.secret
  }
  if (file !== null) for (const { id } of endpoints) await stripe.webhookEndpoints.del(id)
  const made = await stripe.webhookEndpoints.create({ url, enabled_events: enabledEvents })
  const secret = made.secret ?? ''
  if (file !== null) writePrivateFile(file, { id: made.id, url, secret })
  return secret
}
