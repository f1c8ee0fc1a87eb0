import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const KEY = 'sk_test_0123456789'
const config = (env: Record<string, string>) => readConfig({ HOME: '/tmp', ...env }).stripe
const refusal = (env: Record<string, string>): unknown => {
  try {
    config(env)
    return null
  } catch (thrown) {
    return thrown
  }
}

describe('the settings of Stripe', () => {
  it('are none without a key', () => {
    expect(config({})).toBeUndefined()
  })

  it('say what each price stands for', () => {
    const stripe = config({
      TENON_STRIPE_SECRET_KEY: KEY,
      TENON_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789, whsec_9876543210',
      TENON_STRIPE_PRICES: 'solo=price_1,team=price_2, team=price_3,pack-small=price_4',
    })
    expect(stripe).toMatchObject({
      baseUrl: 'https://api.stripe.com',
      webhookSecrets: ['whsec_0123456789', 'whsec_9876543210'],
      sandbox: false,
    })
    expect([...(stripe?.prices ?? [])]).toEqual([
      ['price_1', { plan: 'solo' }],
      ['price_2', { plan: 'team' }],
      ['price_3', { plan: 'team' }],
      ['price_4', { pack: 'small' }],
    ])
  })

  it.each([['solo', 'free=price_1', 'solo=1', 'pack-huge=price_1', 'small=price_1', 'solo=price_1,team=price_1']])(
    'refuse what stands for nothing: %s …',
    (...texts) => {
      for (const text of texts)
        expect([text, refusal({ TENON_STRIPE_PRICES: text })]).toMatchObject([text, { code: 'config_invalid' }])
    },
  )

  it('refuse a live key together with this machine, an address without TLS, and a key without a webhook secret', () => {
    const live = { TENON_STRIPE_SECRET_KEY: 'sk_live_0123456789', TENON_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789' }
    const local = { TENON_STRIPE_BASE_URL: 'http://127.0.0.1:7421' }
    for (const wrong of [
      { ...live, ...local },
      { ...live, TENON_STRIPE_BASE_URL: 'http://stripe.example' },
      { TENON_STRIPE_SECRET_KEY: KEY },
      { TENON_STRIPE_SECRET_KEY: 'a secret of another kind' },
    ]) {
      const thrown = refusal(wrong)
      expect(thrown).toMatchObject({ code: 'config_invalid' })
      expect(JSON.stringify(thrown)).not.toContain('0123456789')
    }
    expect(config({ ...live, TENON_STRIPE_SECRET_KEY: KEY, ...local })).toMatchObject({
      baseUrl: local.TENON_STRIPE_BASE_URL,
    })
  })
})
