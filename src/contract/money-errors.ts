import { EXIT, type ErrorSpec } from './error-spec.ts'

/** What stands in the way of credits and billing. */
export const MONEY_ERRORS = {
  signature_invalid: {
    httpStatus: 400,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'Invalid request. Please check your input.',
    recovery: 'Sign the exact bytes of the body with the secret of this endpoint, within five minutes of sending it.',
  },
  insufficient_credits: {
    httpStatus: 402,
    exitCode: EXIT.limit,
    retryable: false,
    message: 'Not enough credits.',
    recovery: 'Buy credits or wait for those of the next month; details say how many are required and available.',
  },
  refund_exceeds_charge: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'More than what the run was charged can not be given back.',
    recovery: 'Give back at most `refundable` of the details; `tenon credits run <run>` shows the charges.',
  },
  billing_not_configured: {
    httpStatus: 503,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'Billing is not set up on this server.',
    recovery: 'Ask the operator to set TENON_STRIPE_SECRET_KEY; `tenon start` without it brings a sandbox along.',
  },
  billing_unavailable: {
    httpStatus: 503,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'Stripe could not be asked. Please try again shortly.',
    recovery: 'Wait a few seconds and try again; if it happens again, the log of the server says what Stripe answered.',
  },
  already_subscribed: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'There is a subscription already.',
    recovery: 'Change it in the portal: `tenon billing portal`.',
  },
  not_for_sale: {
    httpStatus: 422,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'This can not be bought on this server.',
    recovery:
      'Choose one of the plans or packs in details, or ask the operator to give it a price in TENON_STRIPE_PRICES.',
  },
} as const satisfies Record<string, ErrorSpec>
