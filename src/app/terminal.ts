export interface TerminalSettings {
  readonly noColor: boolean
  /** FORCE_COLOR as it was given: `0` and `false` forbid colours, anything else wants them. */
  readonly forceColor: string | undefined
  readonly term: string | undefined
}

/** As most programs decide it: FORCE_COLOR before NO_COLOR before what the stream is. */
export function wantsColors({ noColor, forceColor, term }: TerminalSettings, isTerminal: boolean): boolean {
  if (forceColor !== undefined) return forceColor !== '0' && forceColor !== 'false'
  return isTerminal && !noColor && term !== 'dumb'
}

/** Columns of a stream on which a line can be written anew; null where none can be. */
export function liveWidthOf(
  { term }: Pick<TerminalSettings, 'term'>,
  stream: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
): number | null {
  return stream.isTTY === true && term !== 'dumb' ? (stream.columns ?? 80) : null
}
