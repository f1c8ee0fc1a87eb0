import { spoilBody, spoilHead, spoilWire } from './broken.ts'
import type { OpenApiDocument } from './document.ts'
import { bodyText, readOperations, validDraft, type Draft, type Header, type Known, type Operation } from './draft.ts'
import { breakConstraint } from './nearly-valid.ts'
import { randomFrom } from './random.ts'

/** Valid, with one constraint broken, and hardly requests at all. */
export const REQUEST_KINDS = ['valid', 'nearly valid', 'broken'] as const
export type RequestKind = (typeof REQUEST_KINDS)[number]

export interface MadeRequest {
  readonly kind: RequestKind
  /** The operation that its method and path lead to; null when they were spoilt. */
  readonly operation: string | null
  /** What was broken, for people; empty when nothing was. */
  readonly broken: string
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Buffer | null
  readonly wire: Draft['wire']
}

/** Makes HTTP requests from an OpenAPI 3.1 document, one after the other. The same seed gives the same requests. */
export function createRequestMaker(
  document: OpenApiDocument,
  known: Known,
  seed: number,
): (kind: RequestKind) => MadeRequest {
  const random = randomFrom(seed)
  const all = readOperations(document, known, seed)
  const operations = all.flatMap((operation) => Array<Operation>(known.weight(operation.id)).fill(operation))
  const writing = operations.filter(({ body }) => body.length > 0)
  let repeatable: MadeRequest | null = null
  return (kind) => {
    if (kind === 'valid' && repeatable !== null && random.chance(0.01)) return repeatable
    const spoil = random.pick([spoilBody, spoilBody, spoilHead, spoilHead, spoilHead, spoilWire])
    const operation = random.pick(kind === 'broken' && spoil === spoilBody ? writing : operations)
    const draft = validDraft(operation, random)
    let broken = ''
    if (kind === 'nearly valid') broken = breakConstraint(draft, random, operation)
    else if (kind === 'broken') broken = spoil(draft, random, operation)
    const { method, path, query, headers, type, routed, wire } = draft
    const request: MadeRequest = {
      kind,
      operation: routed && !leadsElsewhere(path) ? operation.id : null,
      broken,
      method,
      target: query.length > 0 ? `${path}?${query.join('&')}` : path,
      headers: type === null ? headers : [...headers, ['Content-Type', type]],
      body: draft.body ?? (operation.body.length > 0 ? Buffer.from(bodyText(draft)) : null),
      wire,
    }
    if (kind === 'valid' && headers.some(([name]) => name === 'Idempotency-Key')) repeatable = request
    return request
  }
}

/** A dot for a name is taken for the folder: `/v1/runs/acme/./cancel` is `/v1/runs/acme/cancel`. */
function leadsElsewhere(path: string): boolean {
  return path.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part))
}

/** The request as it goes over the wire, with headers that a proxy adds; each character of its head is one byte. */
export function bytesOf({ method, target, headers, body, wire }: MadeRequest, added: readonly Header[]): Buffer {
  const names = new Set(headers.map(([name]) => name))
  const all = [...added.filter(([name]) => name !== 'Host' || !names.has(name)), ...headers]
  const lines = [`${method} ${target} HTTP/1.1`, ...all.map(([name, value]) => `${name}: ${value}`)]
  if (body !== null) lines.push(`Content-Length: ${body.length}`)
  const head = `${lines.join('\r\n')}\r\n\r\n`
  const content = body ?? Buffer.alloc(0)
  return wire === null ? Buffer.concat([Buffer.from(head, 'latin1'), content]) : wire.bytes(head, content)
}
