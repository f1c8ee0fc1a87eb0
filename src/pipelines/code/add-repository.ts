import { addRepository, type Repository } from '../../contract/code.ts'
import type { InputOf } from '../../contract/operation.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { startCallOf, type Pipeline } from '../engine/index.ts'
import { insertRepository, lockRepository, selectRepository } from './code.sql.ts'
import { credentialOf, forgetCredential, secretOf, storeCredential } from './credentials.ts'
import type { Credential } from './git/git.ts'
import { probeSource } from './git/probe.ts'
import type { CodeDeps } from './deps.ts'
import { parseSource, type Source } from './source.ts'
import { startIndexing } from './start-indexing.ts'

/** What GitHub and GitLab take beside a token. */
const DEFAULT_USERNAME = 'x-access-token'

/** Looks at the source before anything is written, so that a wrong address or token is refused at once. */
export function addRepositoryVerb(deps: CodeDeps, pipeline: Pipeline): BoundVerb {
  const { git, rules, masterKey } = deps
  return implement(addRepository, {
    prepare: async (ctx, input) => {
      const source = parseSource(input.source, rules)
      const given = givenOf(input, source, masterKey)
      const credential = given === undefined ? await storedFor(deps, ctx, input.name, source) : given
      await probeSource(git, source, { ref: input.ref, credential, signal: ctx.signal })
      return { source, given }
    },
    run: async (ctx, input, { source, given }) => {
      const name = input.name ?? source.defaultName
      const ref = input.ref ?? null
      const found = await addOrFind(ctx, { name, source: source.url, ref })
      if (found.source !== source.url) throw new TenonError('repository_exists', { details: { name } })
      const repository = await keep(ctx, found, given, masterKey)
      return startIndexing(ctx.sql, startCallOf(ctx), { repository, ref, pipeline })
    },
  })
}

type Input = InputOf<typeof addRepository>
/** null forgets the token that is kept, undefined leaves it. */
type Given = Credential | null | undefined

function givenOf({ token, username }: Input, source: Source, masterKey: string | undefined): Given {
  if (typeof token !== 'string') {
    if (username !== undefined) throw new TenonError('source_invalid', { details: { reason: 'username' } })
    return token
  }
  if (source.kind === 'local') throw new TenonError('source_invalid', { details: { reason: 'token' } })
  secretOf({ masterKey })
  return { username: username ?? DEFAULT_USERNAME, token }
}

/** The token that is kept for this source under this name. */
async function storedFor(
  { tenant, masterKey }: CodeDeps,
  { orgId }: Ctx,
  name: string | undefined,
  source: Source,
): Promise<Credential | null> {
  const org = orgId()
  const sql = tenant(org).read
  const [repository] = await sql.run(selectRepository, { org, key: name ?? source.defaultName })
  if (repository?.source !== source.url) return null
  return credentialOf(sql, { org, repository: repository.id, source: source.url, masterKey })
}

async function keep(
  ctx: Ctx,
  repository: Repository,
  given: Given,
  masterKey: string | undefined,
): Promise<Repository> {
  if (given === undefined) return repository
  const place = { org: ctx.orgId(), repository: repository.id, source: repository.source, masterKey }
  if (given === null) await forgetCredential(ctx.sql, place)
  else await storeCredential(ctx.sql, place, given)
  ctx.note({ access: given === null ? 'forgotten' : 'kept' })
  return { ...repository, hasToken: given !== null }
}

/** Of two callers who add the same name at once, the second waits here and finds what the first has added. */
async function addOrFind(
  { sql, orgRef, clock }: Ctx,
  { name, source, ref }: { name: string; source: string; ref: string | null },
): Promise<Repository> {
  const { id: org, limits } = orgRef()
  const [present] = await sql.run(lockRepository, { org, key: name })
  if (present !== undefined) return present
  const row = { org, id: newId('repo'), name, source, ref, createdAt: clock.now() }
  const [added] = await sql.run(insertRepository, row)
  if (added !== undefined) {
    await raiseUsage(sql, org, 'repositories', limits)
    return added
  }
  const [other] = await sql.run(lockRepository, { org, key: name })
  // Added and deleted again by others in this instant.
  if (other === undefined) throw new TenonError('unavailable')
  return other
}
