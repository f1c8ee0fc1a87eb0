import type { OrgId } from '../../../contract/ids.ts'
import type { TenantOf } from '../../../kernel/call-ctx.ts'
import { credentialOf } from '../credentials.ts'
import { mirrorOf, type CodeDeps } from '../deps.ts'
import { compareCommits, type ComparedFile } from '../git/compare.ts'
import { probeSource, type Target } from '../git/probe.ts'
import { readingBlobs } from '../git/read-mirror.ts'
import type { OpenGraph } from '../graph/open-graph.ts'
import { dialectOf } from '../graph/facts.ts'
import { parseSource } from '../source.ts'

/** A file that two commits have differently, with its texts where they are parsed. */
export interface ComparedText extends Omit<ComparedFile, 'before' | 'after'> {
  readonly change: 'added' | 'modified' | 'deleted' | 'renamed'
  /** null when it is not there, or has no graph. */
  readonly before: string | null
  readonly after: string | null
}

/** Of the texts together; what is beyond is not looked into. */
const MAX_BYTES = 32 << 20

/**
 * What changed between two commits of the source of a repository: branches, tags or full names of commits.
 *
 * @throws TenonError as `probeSource` and `compareCommits`.
 */
export async function compareRefs(
  deps: CodeDeps,
  { org, graph, base, head, signal }: { org: OrgId; graph: OpenGraph; base: string; head: string; signal: AbortSignal },
): Promise<{ files: ComparedText[]; base: string; head: string; isCut: boolean }> {
  const tenant: ReturnType<TenantOf> = deps.tenant(org)
  const place = { org, repository: graph.id, source: graph.source, masterKey: deps.masterKey }
  const credential = await credentialOf(tenant.read, place)
  const source = parseSource(graph.source, deps.rules)
  const probe = (ref: string): Promise<Target> => probeSource(deps.git, source, { ref, credential, signal })
  const [from, to] = await Promise.all([probe(base), probe(head)])
  const mirror = mirrorOf(deps.mirrors, org, graph.id)
  const request = { mirror, source, target: to, credential, signal }
  const files = await compareCommits(deps.git, request, from)
  const shas = new Set<string>()
  for (const { path, previousPath, before, after } of files) {
    if (before !== null && dialectOf(previousPath ?? path) !== null) shas.add(before)
    if (after !== null && dialectOf(path) !== null) shas.add(after)
  }
  const texts = new Map<string, string>()
  let bytes = 0
  for await (const { sha, content } of readingBlobs(deps.git, request, [...shas])) {
    bytes += content.length
    if (bytes > MAX_BYTES) break
    texts.set(sha, content.toString('utf8'))
  }
  return {
    files: files.map((file) => ({
      ...file,
      change: changeOf(file),
      before: textOf(texts, file.before),
      after: textOf(texts, file.after),
    })),
    base: from.commit,
    head: to.commit,
    isCut: bytes > MAX_BYTES,
  }
}

function textOf(texts: ReadonlyMap<string, string>, sha: string | null): string | null {
  return sha === null ? null : (texts.get(sha) ?? null)
}

function changeOf({ before, after, previousPath }: ComparedFile): ComparedText['change'] {
  if (previousPath !== null) return 'renamed'
  if (before === null) return 'added'
  return after === null ? 'deleted' : 'modified'
}
