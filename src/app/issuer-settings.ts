import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { connectionName } from '../contract/issuers.ts'
import type { Connection } from '../domains/issuers/index.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../kernel/token-algorithms.ts'
import type { Config } from './config.ts'
import { issuer } from './environment.ts'
import { readSecretFile } from './secret-file.ts'

const MAX_BYTES = 262_144
/** As long as what HS256 makes of it (RFC 7518). */
const MIN_SECRET_BYTES = 32

/** As an issuer is, but for the query that some have. */
const keysUrl = z
  .string()
  .refine(
    (url) => issuer.safeParse(url.replace(/\?[^#\s]*$/, '')).success,
    'An https address, or an http one of this machine',
  )
const text = z.string().min(1).max(512)
const SHARED = 'HS256'
const algorithm = z.enum([...TOKEN_ALGORITHMS, SHARED])

const entry = z
  .strictObject({
    name: connectionName,
    kind: z.enum(['oidc', 'supabase']).default('oidc'),
    issuer,
    audience: z.union([text.transform((one) => [one]), z.array(text).min(1)], { error: 'A text, or a list of texts' }),
    algorithms: z.array(algorithm).min(1),
    jwksUrl: keysUrl.optional(),
    secretFile: z.string().min(1).optional(),
    emailClaim: text.default('email'),
    emailVerifiedClaim: text.optional(),
    trustEmail: z.boolean().default(false),
    requireJti: z.boolean().default(true),
    maxAgeSeconds: z.int().min(60).max(2_592_000).default(86_400),
  })
  .superRefine((given, ctx) => {
    for (const [path, message] of contradictions(given)) ctx.addIssue({ code: 'custom', path: [path], message })
  })
type Entry = z.output<typeof entry>

/**
 * The connections to issuers of people, from TENON_ISSUERS_FILE; none when it is not set.
 *
 * @throws TenonError `config_invalid` with what is wrong, and never what stands in the file or in a secret.
 */
export function readIssuers({ issuersFile, oauth }: Pick<Config, 'issuersFile' | 'oauth'>): readonly Connection[] {
  if (issuersFile === undefined) return []
  const parsed = z.array(entry).safeParse(jsonOf(issuersFile), { reportInput: false })
  if (!parsed.success) throw invalid(parsed.error.issues.map(({ path, message }) => `${placeOf(path)}${message}`))
  const entries = parsed.data
  const twice = entries.flatMap(({ name, issuer: own }, i) => [
    ...(entries.findIndex((other) => other.name === name) < i ? [`${placeOf([i, 'name'])}Another has it already`] : []),
    ...(entries.findIndex((other) => other.issuer === own) < i
      ? [`${placeOf([i, 'issuer'])}Another has it already`]
      : []),
    ...(own === oauth?.issuer ? [`${placeOf([i, 'issuer'])}It is that of TENON_OAUTH_ISSUER already`] : []),
  ])
  if (twice.length > 0) throw invalid(twice)
  return entries.map((each, i) => connectionOf(each, { place: [i, 'secretFile'], folder: dirname(issuersFile) }))
}

function jsonOf(path: string): unknown {
  let content: string
  try {
    const { size } = statSync(path)
    if (size > MAX_BYTES) throw invalid(['The file is too large'])
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    throw cause instanceof TenonError ? cause : invalid(['The file can not be read'], cause)
  }
  try {
    return JSON.parse(content)
  } catch {
    // The error would quote the file, which may hold what it should not.
    throw invalid(['The file is not JSON'])
  }
}

function contradictions(
  given: {
    readonly [field in 'kind' | 'issuer' | 'algorithms' | 'trustEmail']: Entry[field]
  } & { readonly [field in 'jwksUrl' | 'secretFile' | 'emailVerifiedClaim']?: string | undefined },
): [string, string][] {
  const { kind, algorithms, jwksUrl, secretFile, emailVerifiedClaim, trustEmail } = given
  const shared = algorithms.includes(SHARED)
  const wrong: [string, string, boolean][] = [
    [
      'algorithms',
      'HS256 stands alone: a key that is public must never be taken for a secret',
      shared && algorithms.length > 1,
    ],
    ['secretFile', 'HS256 needs it', shared && secretFile === undefined],
    ['secretFile', 'It is for HS256 alone', !shared && secretFile !== undefined],
    ['jwksUrl', 'HS256 has no public keys', shared && jwksUrl !== undefined],
    ['jwksUrl', 'It has to be https, as the issuer is', isPlain(jwksUrl) && !isPlain(given.issuer)],
    ['trustEmail', 'It is for the kind supabase; others say it by emailVerifiedClaim', trustEmail && kind === 'oidc'],
    [
      'emailVerifiedClaim',
      'Users of Supabase can edit what it says; see trustEmail',
      kind === 'supabase' && emailVerifiedClaim !== undefined,
    ],
  ]
  return wrong.flatMap(([path, message, is]) => (is ? [[path, message]] : []))
}

function isPlain(url: string | undefined): boolean {
  return url?.startsWith('http:') ?? false
}

function connectionOf(
  { audience, algorithms, jwksUrl, secretFile, emailVerifiedClaim = 'email_verified', ...same }: Entry,
  { place, folder }: { readonly place: readonly PropertyKey[]; readonly folder: string },
): Connection {
  const signing =
    secretFile === undefined
      ? { algorithms: algorithms.filter((one): one is TokenAlgorithm => one !== SHARED), jwksUrl }
      : { secret: secretIn(resolve(folder, secretFile), place) }
  return { ...same, audiences: audience, emailVerifiedClaim, signing }
}

/** As an object that shows nothing of itself in a log. */
function secretIn(path: string, place: readonly PropertyKey[]): KeyObject {
  const wrong = (message: string, cause?: unknown): TenonError => invalid([`${placeOf(place)}${message}`], cause)
  const bytes = readSecretFile(path, wrong)
  if (bytes.length < MIN_SECRET_BYTES) throw wrong(`It has to hold at least ${MIN_SECRET_BYTES} bytes`)
  return createSecretKey(bytes)
}

/** `connection 1, issuer: `, as people count. */
function placeOf([index, ...fields]: readonly PropertyKey[]): string {
  if (typeof index !== 'number') return ''
  return `${[`connection ${index + 1}`, ...fields.map(String)].join(', ')}: `
}

function invalid(messages: readonly string[], cause?: unknown): TenonError {
  const issues = messages.map((message) => ({ path: 'TENON_ISSUERS_FILE', message }))
  return new TenonError('config_invalid', { details: { issues }, cause })
}
