import { z } from 'zod'
import { TOKEN_ALGORITHMS } from '../kernel/token-algorithms.ts'
import { LEVELS } from '../platform/telemetry/levels.ts'
import { addressTest } from '../surfaces/rest/client-address.ts'
import { failpointList } from './failpoints.ts'
import { stripePrices } from './stripe-settings.ts'
import { TRACE_VARIABLES } from './trace-environment.ts'

const list = (separator: RegExp) =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''))
const secret = z.string().min(16, 'At least 16 characters')

/** As the tokens have it, so that nothing of it is changed here. */
export const issuer = z.string().refine((text) => {
  const address = URL.canParse(text) ? new URL(text) : null
  if (address === null || address.username !== '' || address.password !== '' || /[?#\s]/.test(text)) return false
  return address.protocol === 'https:' || (address.protocol === 'http:' && LOOPBACK.test(address.hostname))
}, 'An https address, or an http one of this machine, without query')
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

function areAddresses(entries: readonly string[]): boolean {
  try {
    addressTest(entries)
    return true
  } catch {
    // The text of the setting says what an entry has to be.
    return false
  }
}

/**
 * Every variable that Tenon reads, with what it is for: the reference page is made from this. A variable without a
 * description is for tests and stands on no page.
 */
export const ENVIRONMENT = z.object({
  TENON_PORT: z.coerce.number().int().min(1).max(65_535).default(7420).describe('Port of the API'),
  TENON_HOST: z.string().min(1).default('127.0.0.1').describe('Address that the API listens on'),
  TENON_WORKER_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port at which `worker` shows its health and its metrics, and nothing else; none when left out'),
  TENON_METRICS_TOKEN: secret
    .optional()
    .describe(
      'Opens `/metrics` to who sends it as a bearer token, at least 16 characters; without it only this machine may look',
    ),
  SENTRY_DSN: z
    .url({ protocol: /^https?$/ })
    .refine(
      (text) => /^https?:\/\/\w+(?::\w+)?@[^/\s]+\/(?:\S*\/)?\d+$/.test(text),
      'As Sentry shows it: https://key@host/project',
    )
    .optional()
    .describe('Where errors are reported, redacted, in the protocol of Sentry; nowhere when left out'),
  SENTRY_ENVIRONMENT: z
    .string()
    .regex(/^[^\s/]{1,64}$/, 'At most 64 characters, without spaces and slashes')
    .default('production')
    .describe('What reported errors say they come from'),
  TENON_PUBLIC_URL: url.optional().describe('Address that the API describes itself under; host and port when left out'),
  TENON_DATA_DIR: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of database, index, secrets and demo key; `.tenon` in the checkout when left out, for an installed package a folder of the user (`~/.local/share/tenon` on Linux)',
    ),
  DATABASE_URL: z
    .url({ protocol: /^postgres(?:ql)?$/ })
    .optional()
    .describe('PostgreSQL 15 or later; the embedded one when left out, which only `start` brings'),
  TENON_MIGRATION_DATABASE_URL: z
    .url({ protocol: /^postgres(?:ql)?$/ })
    .optional()
    .describe('The same database as the role that owns it, for migrations; `DATABASE_URL` when left out'),
  TENON_ROOT_KEY: secret
    .optional()
    .describe(
      'Key of the operator, at least 16 characters; made at the first `start`, needed by `serve` and `worker`, and by commands for the operator',
    ),
  TENON_QUEUE_KEY: secret
    .optional()
    .describe('Signs queued jobs, at least 16 characters; made at the first `start`, needed by `serve` and `worker`'),
  TENON_AUTH_SECRET: list(/[\s,]+/)
    .pipe(z.array(z.string().min(32, 'At least 32 characters each')).min(1))
    .optional()
    .describe(
      'Signs sessions of people and seals their second factors, at least 32 characters; made at the first `start`, needed by `serve` and `worker`. To change it, put the new one before the old, separated by a comma: the old one is accepted for as long as it stands there',
    ),
  TENON_SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe(
      'Mail server, as `smtps://user:password@host` or `smtp://…`, which has to offer TLS beyond this machine; without it mails are files in `outbox` in the data folder',
    ),
  TENON_MAIL_FROM: z
    .string()
    .regex(/^(?:[^<>@\r\n]{1,80} )?<?[^\s<>@]{1,64}@[^\s<>@]{1,255}>?$/, 'An address, or `Name <address>`')
    .optional()
    .describe('Who mails come from, as `Name <address>`; `no-reply` at the host of the public address when left out'),
  TENON_STRIPE_SECRET_KEY: z
    .string()
    .regex(/^[sr]k_(?:test|live)_\S{8,}$/, 'As Stripe shows it: sk_test_… or sk_live_…')
    .optional()
    .describe(
      'Secret or restricted key of Stripe; without it `start` brings a sandbox along, and with `serve` and `worker` nothing can be bought',
    ),
  TENON_STRIPE_WEBHOOK_SECRET: list(/[\s,]+/)
    .pipe(z.array(z.string().regex(/^whsec_\S{8,}$/, 'As Stripe shows it: whsec_…')))
    .default([])
    .describe(
      'Secret of the webhook endpoint at Stripe, needed with the key; several while they are exchanged, separated by commas or spaces',
    ),
  TENON_STRIPE_PRICES: stripePrices
    .default(new Map())
    .describe(
      'What prices at Stripe stand for: plan or `pack-` and pack, `=`, id of the price, separated by commas, such as `solo=price_1,team=price_2,pack-small=price_3`. Any other price grants nothing; the first of a plan or pack is sold, all of them count',
    ),
  TENON_STRIPE_BASE_URL: url
    .default('https://api.stripe.com')
    .describe('Where Stripe is asked: another address only for tests, such as that of `tenon sandbox`'),
  TENON_SANDBOX_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(7421)
    .describe('Port of the sandbox that `start` brings along; another one when it is taken'),
  TENON_MASTER_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of at least 32 secret bytes, not readable by others, that tokens of private repositories are sealed with; made at the first `start`; without it `serve` and `worker` take no tokens',
    ),
  TENON_DEMO: z.enum(['0', '1']).default('1').describe('0: `start` makes no demo'),
  TENON_GIT_BASE_URL: z
    .url({ protocol: /^https$/ })
    .default('https://github.com')
    .describe('What `owner/name` stands for'),
  TENON_GIT_ALLOW_HOSTS: list(/[\s,]+/)
    .default([])
    .describe('Hosts with private addresses that may be fetched from, separated by commas or spaces'),
  TENON_GIT_CA_FILE: z.string().min(1).optional().describe('Certificates for a git server of your own'),
  TENON_LOCAL_REPOS: list(/:/)
    .default([])
    .describe('Folders that local repositories may be indexed from, separated by `:`; `start` adds the checkout'),
  TENON_MIRROR_CACHE_MB: z.coerce
    .number()
    .int()
    .min(64)
    .max(10_000_000)
    .default(20_480)
    .describe('Disk that a node uses for fetched repositories, in MiB'),
  TENON_INDEX_CACHE_MB: z.coerce
    .number()
    .int()
    .min(64)
    .max(10_000_000)
    .default(10_240)
    .describe('Disk that a node uses for copies of parts of the index, in MiB'),
  TENON_INDEX_MEMORY_MB: z.coerce
    .number()
    .int()
    .min(16)
    .max(1_000_000)
    .default(512)
    .describe('Memory for indexes under search, in MiB; what one search needs is held in any case'),
  TENON_TRUSTED_PROXIES: list(/[\s,]+/)
    .default([])
    .refine(areAddresses, 'Addresses or CIDR ranges, such as 10.0.0.0/8')
    .describe(
      'Proxies whose `X-Forwarded-For` is believed, as addresses or ranges such as `10.0.0.0/8`, separated by commas or spaces',
    ),
  TENON_OAUTH_ISSUER: issuer
    .optional()
    .describe(
      'Authorization server whose access tokens are accepted beside API keys, exactly as its tokens name it in `iss`; without it none are',
    ),
  TENON_OAUTH_AUDIENCE: list(/[\s,]+/)
    .default([])
    .describe(
      'What an access token has to be for, in `aud`, separated by commas or spaces; the public address and that of MCP below it when left out',
    ),
  TENON_OAUTH_ALGORITHMS: list(/[\s,]+/)
    .pipe(z.array(z.enum(TOKEN_ALGORITHMS)).min(1))
    .default(['RS256', 'ES256', 'EdDSA'])
    .describe('Signatures of access tokens that are accepted; `none` and secrets shared with the issuer never are'),
  TENON_OAUTH_ORG_CLAIM: z
    .string()
    .min(1)
    .max(256)
    .default('tenon_org')
    .describe('Claim of an access token that names the organisation, by slug or id'),
  TENON_ISSUERS_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File in JSON that names the issuers, such as Supabase or any of OpenID Connect, whose people may sign in; nobody of another one may',
    ),
  TENON_ALERT_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where alerts of unusual use are sent, beside the log and `tenon alerts`; nowhere when left out'),
  TENON_ALERT_WEBHOOK_SECRET: secret
    .optional()
    .describe('What they are signed with, at least 16 characters; needed with `TENON_ALERT_WEBHOOK_URL`'),
  TENON_RUN_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe('How long runs and their logs are kept, in days'),
  TENON_DRAIN_SECONDS: z.coerce
    .number()
    .min(0)
    .max(8)
    .default(6)
    .describe('How long `serve` goes on after SIGTERM while it is not ready, in seconds'),
  /** For tests only. */
  TENON_FAILPOINTS: failpointList.default([]),
  LOG_LEVEL: z.enum(LEVELS).optional().describe('Least level that is logged; `info` when left out'),
  ...TRACE_VARIABLES,
  TENON_URL: url.optional().describe('Where the server is, for the command line; that of the demo when left out'),
  TENON_API_KEY: z.string().min(1).optional().describe('API key for the command line; that of the demo when left out'),
  TENON_ORG: z
    .string()
    .min(1)
    .optional()
    .describe('Organisation for the command line, by slug or id; that of the key when left out'),
  NO_COLOR: z.string().optional().describe('Anything: the command line prints no colours'),
  FORCE_COLOR: z
    .string()
    .optional()
    .describe('Anything: the command line prints colours also where there is no terminal; `0`: none at all'),
  TERM: z.string().optional().describe('`dumb`: no colours, and no line is rewritten'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
  HOME: z.string().optional(),
  XDG_DATA_HOME: z.string().optional(),
  LOCALAPPDATA: z.string().optional(),
})
