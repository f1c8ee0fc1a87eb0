import type { Envelope } from '../../contract/operation.ts'
import { plain } from './text.ts'

type Ids = (data: never) => readonly string[]

/** What `--quiet` prints of an answer that is not told by the ids in it. */
const IDS: Readonly<Record<string, Ids>> = {
  'repositories.add': ({ run }: { run: { id: string } }) => [run.id],
  'repositories.reindex': ({ run }: { run: { id: string } }) => [run.id],
  'repositories.recentFiles': (files: readonly { path: string }[]) => files.map(({ path }) => path),
  'apiKeys.create': ({ secret }: { secret: string }) => [secret],
  'apiKeys.rotate': ({ secret }: { secret: string }) => [secret],
  'organizations.onboard': ({ apiKey }: { apiKey: { secret: string } }) => [apiKey.secret],
  'billing.checkout': ({ url }: { url: string }) => [url],
  'billing.portal': ({ url }: { url: string }) => [url],
  'runs.cancelMany': ({ runs }: { runs: readonly string[] }) => runs,
  'me.get': ({ org }: { org: { id: string } | null }) => (org === null ? [] : [org.id]),
  'search.code': ({ matches }: { matches: readonly { repository: string; path: string; line: number }[] }) =>
    matches.map(({ repository, path, line }) => `${repository}/${path}:${line}`),
  'projects.addRepository': () => [],
  'projects.removeRepository': () => [],
}

/** A line for each thing that the answer is about; null for an answer that has to be read as a whole. */
export function quietText(operation: string, { data }: Envelope): string | null {
  const lines = IDS[operation]?.(data as never) ?? idsOf(data)
  return lines === null ? null : lines.map((line) => `${plain(line)}\n`).join('')
}

function idsOf(data: unknown): readonly string[] | null {
  if (Array.isArray(data)) {
    const ids = data.flatMap((one) => idsOf(one) ?? [])
    return ids.length === data.length ? ids : null
  }
  return hasId(data) ? [data.id] : null
}

function hasId(data: unknown): data is { readonly id: string } {
  return typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string'
}
