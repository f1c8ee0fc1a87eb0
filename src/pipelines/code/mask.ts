/**
 * What has the shape of a secret in a source text. Personal data, such as the address of an author, is not masked: it is
 * what people look for. Shapes are those that the issuers document.
 */
const SHAPES: readonly RegExp[] = [
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@"'`<>{}$]{0,128}:(?<secret>[^\s/?#@"'`<>{}$]{3,256})@/g,
  /\btn_live_[A-Za-z0-9]{20,}/g,
  /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}/g,
  /\bwhsec_[A-Za-z0-9]{24,}/g,
  /\bsk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,}/g,
  /\bgh[opusr]_[A-Za-z0-9]{36,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{40,}/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{20,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[A-Za-z0-9_-]{35}\b/g,
  /\bya29\.[A-Za-z0-9_-]{20,}/g,
  /\bGOCSPX-[A-Za-z0-9_-]{28}\b/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bpypi-[A-Za-z0-9_-]{50,}/g,
  /\bgsk_[A-Za-z0-9]{40,}/g,
  /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b/g,
  /\bSK[0-9a-f]{32}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,4000}/g,
  /\b(?:aws_secret_access_key|AWS_SECRET_ACCESS_KEY|secretAccessKey)["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])/g,
]

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const KEY_END = /-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
/** Between the two, in UTF-16 units. */
const KEY_UNITS = 20_000

/** One of these is in every text that one of the shapes matches. */
const SUSPECT =
  /PRIVATE KEY|:\/\/[^\s/@]{0,400}@|tn_live_|[srp]k_(?:live|test)_|whsec_|sk-|gh[opusr]_|github_pat_|glpat-|xox|AKIA|ASIA|AIza|ya29\.|GOCSPX|npm_|pypi-|gsk_|SG\.|SK[0-9a-f]|eyJ|(?:secret_access_key|SECRET_ACCESS_KEY|secretAccessKey)/

/** Every secret replaced by as many stars as it has UTF-16 units, line ends kept, so that everything stays at its place. */
export function maskSecrets(text: string): { readonly text: string; readonly masked: number } {
  if (!SUSPECT.test(text)) return { text, masked: 0 }
  const keys = maskKeys(text)
  let masked = keys.masked
  const replaced = SHAPES.reduce(
    (all, shape) =>
      all.replace(shape, (found: string, ...rest: unknown[]) => {
        masked++
        const groups = rest.at(-1)
        const secret = isGroups(groups) ? groups.secret : found
        const at = found.lastIndexOf(secret)
        return found.slice(0, at) + stars(secret) + found.slice(at + secret.length)
      }),
    keys.text,
  )
  return { text: replaced, masked }
}

/** Private keys; one whose end is missing goes to the end of the text. One pass, whatever the text. */
function maskKeys(text: string): { readonly text: string; readonly masked: number } {
  const ends = text.matchAll(KEY_END)
  let end = ends.next().value
  let replaced = ''
  let done = 0
  let masked = 0
  for (const { index, 0: begin } of text.matchAll(KEY_BEGIN)) {
    if (index < done) continue
    const body = index + begin.length
    while (end !== undefined && end.index < body) end = ends.next().value
    const isNear = end !== undefined && end.index - body <= KEY_UNITS
    if (!isNear && text.length - body > KEY_UNITS) continue
    const stop = isNear && end !== undefined ? end.index + end[0].length : text.length
    replaced += text.slice(done, index) + stars(text.slice(index, stop))
    done = stop
    masked++
  }
  return { text: replaced + text.slice(done), masked }
}

function stars(secret: string): string {
  return secret.replaceAll(/[^\r\n]/g, '*')
}

function isGroups(value: unknown): value is { secret: string } {
  return typeof value === 'object' && value !== null && 'secret' in value
}
