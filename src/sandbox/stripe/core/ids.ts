import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Prefix and length as Stripe's own look. */
const SHAPES = {
  customer: ['cus_', 14],
  product: ['prod_', 14],
  price: ['price_1', 23],
  subscription: ['sub_1', 23],
  subscription_item: ['si_', 14],
  invoice: ['in_1', 23],
  line_item: ['il_1', 23],
  item: ['li_1', 23],
  invoice_payment: ['inpay_1', 23],
  invoiceitem: ['ii_1', 23],
  payment_intent: ['pi_3', 23],
  charge: ['ch_3', 23],
  refund: ['re_3', 23],
  dispute: ['du_1', 23],
  'checkout.session': ['cs_test_a1', 56],
  'billing_portal.session': ['bps_1', 23],
  webhook_endpoint: ['we_1', 23],
  event: ['evt_1', 23],
  request: ['req_', 14],
  delivery: ['del_', 14],
  webhook_secret: ['whsec_', 32],
} as const

export function newId(kind: keyof typeof SHAPES): string {
  const [prefix, length] = SHAPES[kind]
  return `${prefix}${randomLetters(length)}`
}

export function randomLetters(length: number): string {
  // 62 does not divide 256: the bias does not matter here.
  return Array.from(randomBytes(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}
