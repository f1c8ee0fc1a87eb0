import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { billingReturnPage } from './billing-return.ts'

const shown = async (query: string) => {
  const response = billingReturnPage(new URLSearchParams(query))
  return { text: await response.text(), headers: response.headers }
}

it('says what to do next after a payment, after none, and after the portal', async () => {
  expect((await shown('session=cs_test_1')).text).toContain('tenon billing confirm cs_test_1')
  expect((await shown('cancelled=1&session=cs_test_1')).text).toContain('Nothing was charged')
  expect((await shown('')).text).toContain('Back from Stripe')
})

it('shows nothing that does not look like a checkout, and lets nothing but its own style in', async () => {
  for (const session of ['<script>alert(1)</script>', 'cs_<b>', 'cs_test_1"', `cs_${'a'.repeat(300)}`]) {
    const { text } = await shown(new URLSearchParams({ session }).toString())
    expect(text).not.toContain(session)
    expect(text).toContain('Back from Stripe')
  }
  const { text, headers } = await shown('session=cs_test_1')
  const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? ''
  const digest = createHash('sha256').update(style).digest('base64')
  expect(headers.get('content-security-policy')).toContain(`default-src 'none'; style-src 'sha256-${digest}'`)
})
