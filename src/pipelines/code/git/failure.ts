import { TenonError } from '../../../kernel/tenon-error.ts'

/** In this order: what is damaged also breaks off, and what breaks off says many things. */
const MEANINGS: readonly (readonly [RegExp, (cause: Error) => TenonError])[] = [
  [
    /redirect|returned error: 30\d/i,
    (cause) => new TenonError('source_forbidden', { details: { reason: 'redirect' }, cause }),
  ],
  [
    /no space left|disk quota exceeded|file too large|signal 25|File size limit/i,
    (cause) => new TenonError('disk_full', { cause }),
  ],
  [
    /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 40[13]|access denied/i,
    (cause) => new TenonError('source_denied', { cause }),
  ],
  [
    /repository corruption|did not receive expected object|did not send all necessary objects|pack has bad object|bad object|bad tree|unable to read tree|not a tree object|inflate: data stream error|unable to unpack|is corrupt|hash mismatch|packfile .* (cannot be accessed|is far too short|does not match|claims to have)|missing (blob|tree|commit) |could not get object info|could not read [0-9a-f]{40}|unable to read [0-9a-f]{40}|(pack|object) (is corrupted|corruption)|incorrect header check|index file .* (is too small|corrupt)|wrong index|unresolved deltas/i,
    (cause) => damaged(cause),
  ],
  [
    /object[- ]format|mismatched algorithms|unknown object format/i,
    (cause) => new TenonError('source_not_a_repository', { details: { reason: 'object_format' }, cause }),
  ],
  // Another process removed what this one was writing.
  [
    /tmp_(pack|idx|rev|obj)|\.lock'?: |unable to create temporary/i,
    (cause) => new TenonError('unavailable', { cause }),
  ],
  [
    /could not resolve|failed to connect|couldn't connect|connection (refused|reset|timed out)|timed out|empty reply|SSL|certificate|TLS|operation too slow|returned error: (5\d\d|408|429)|early EOF|unexpected(ly)? (disconnect|EOF)|hung up|RPC failed|transfer closed|invalid index-pack output|index-pack (failed|died)|expected [^,\n]+, got|expected flush|protocol error|bad band|bad line length|malformed packet|invalid server response|curl \d+/i,
    (cause) => new TenonError('source_unreachable', { cause }),
  ],
]

/** What git's own words mean; they are not shown. */
export function failureOf(stderr: string): TenonError {
  const cause = new Error(stderr)
  // The address says nothing about the failure, whatever words are in it.
  const text = stderr.replaceAll(/\b(?:https|file):\/\/[^\s']*/g, 'address')
  const [, make] = MEANINGS.find(([words]) => words.test(text)) ?? []
  return make?.(cause) ?? new TenonError('source_not_a_repository', { cause })
}

/** An object that is missing or is not what its name says. */
export function damaged(cause: Error): TenonError {
  return new TenonError('source_damaged', { cause })
}

export function isDamaged(error: unknown): boolean {
  return error instanceof TenonError && error.code === 'source_damaged'
}
