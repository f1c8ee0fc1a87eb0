/** Reads one run over HTTP from `tenon serve`, beside the least server that could answer it, on the same database. */
import { compare, type Comparison } from './api/compare.ts'
import { profileServer, type ServerProfile } from './api/profile-server.ts'
import { startReference, startTenon } from './api/setting.ts'
import { interruptible, ownPostgres } from './setting.ts'

export interface ApiResults extends Comparison {
  readonly profile: { readonly tenon: ServerProfile; readonly reference: ServerProfile }
}

export function benchApi(): Promise<ApiResults> {
  return interruptible(measure)
}

async function measure(signal: AbortSignal): Promise<ApiResults> {
  await using ends = new AsyncDisposableStack()
  const setting = { ...(await ownPostgres(ends, { name: 'api', signal })), signal }
  const { fixture, comparison } = await compare(setting)
  const tenon = await profileServer(setting, startTenon, fixture)
  const reference = await profileServer(setting, startReference, fixture)
  return { ...comparison, profile: { tenon, reference } }
}
