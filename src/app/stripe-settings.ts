import { z } from 'zod'
import { packName } from '../contract/billing.ts'
import { planName } from '../contract/plans.ts'
import type { Sold, StripeSettings } from '../domains/billing/index.ts'
import { TenonError } from '../kernel/tenon-error.ts'

const FORM =
  'Expected <plan>=<price id> and pack-<pack>=<price id>, separated by commas, such as solo=price_1,pack-small=price_2'

/** `solo=price_1,team=price_2,team=price_3,pack-small=price_4`: what each price stands for. */
export const stripePrices = z.string().transform((text, ctx): ReadonlyMap<string, Sold> => {
  const prices = new Map<string, Sold>()
  for (const entry of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const { name = '', price = '' } = /^(?<name>[a-z-]+)=(?<price>price_[A-Za-z0-9_]{1,200})$/.exec(entry)?.groups ?? {}
    const sold = soldAs(name)
    if (sold === null) ctx.addIssue({ code: 'custom', message: FORM })
    else if (prices.has(price)) ctx.addIssue({ code: 'custom', message: `${price} stands for two things` })
    else prices.set(price, sold)
  }
  return prices
})

function soldAs(name: string): Sold | null {
  const pack = packName.safeParse(name.replace(/^pack-/, ''))
  if (name.startsWith('pack-')) return pack.success ? { pack: pack.data } : null
  const plan = planName.safeParse(name)
  return plan.success && plan.data !== 'free' ? { plan: plan.data } : null
}

export interface StripeVariables {
  readonly secretKey: string | undefined
  readonly webhookSecrets: readonly string[]
  readonly prices: ReadonlyMap<string, Sold>
  readonly baseUrl: string
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Undefined without a key: billing is not set up then. @throws TenonError `config_invalid` */
export function stripeSettingsOf({ secretKey, ...given }: StripeVariables): StripeSettings | undefined {
  if (secretKey === undefined) return undefined
  const { protocol, hostname } = new URL(given.baseUrl)
  const isHere = LOOPBACK.test(hostname)
  const wrong = (path: string, message: string): never => {
    throw new TenonError('config_invalid', { details: { issues: [{ path, message }] } })
  }
  if (/_live_/.test(secretKey) && isHere)
    wrong('TENON_STRIPE_SECRET_KEY', 'A key for real money is not for a server on this machine')
  if (protocol !== 'https:' && !isHere) wrong('TENON_STRIPE_BASE_URL', 'Only this machine may be asked without TLS')
  if (given.webhookSecrets.length === 0)
    wrong('TENON_STRIPE_WEBHOOK_SECRET', 'It has to be set where TENON_STRIPE_SECRET_KEY is')
  return { secretKey, ...given, sandbox: false }
}
