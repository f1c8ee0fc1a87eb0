import { parseJson } from '../../kernel/parse-json.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a JSON body, counting its bytes as they come.
 *
 * @throws TenonError `unsupported_media_type`, `payload_too_large`, `malformed_json`, `validation_failed` (no object),
 * `cancelled` (the client has left).
 */
export async function readJsonBody(request: Request, limitBytes: number): Promise<Record<string, unknown>> {
  checkType(request)
  return parseBody(await readBytes(request, limitBytes))
}

/** @throws as `readJsonBody` does, of a body that was read before. */
export function jsonOf(request: Request, bytes: Buffer): Record<string, unknown> {
  checkType(request)
  return parseBody(bytes)
}

function checkType(request: Request): void {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(?:;\s*charset=(?:utf-8|"utf-8")\s*)?$/i.test(type))
    throw new TenonError('unsupported_media_type')
}

function parseBody(bytes: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = parseJson(utf8.decode(bytes))
  } catch (cause) {
    throw new TenonError('malformed_json', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TenonError('validation_failed', {
      details: { issues: [{ path: 'body', message: 'Expected an object' }] },
    })
  }
  return value as Record<string, unknown>
}

/** @throws TenonError `payload_too_large`, `cancelled` */
export async function readBytes(request: Request, limitBytes: number): Promise<Buffer> {
  const tooLarge = new TenonError('payload_too_large', { details: { limitBytes } })
  const declared = request.headers.get('content-length')
  if (Number(declared ?? 0) > limitBytes) throw tooLarge
  try {
    const bytes = declared === null ? await counted(request, limitBytes) : Buffer.from(await request.arrayBuffer())
    if (bytes !== null && bytes.length <= limitBytes) return bytes
  } catch (cause) {
    throw new TenonError('cancelled', { cause })
  }
  throw tooLarge
}

/** Where nobody says how long it is: null once it is too long. A stream costs more than all else of a small body. */
async function counted(request: Request, limitBytes: number): Promise<Buffer | null> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > limitBytes) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}
