/** What a process of the bench says to the one that forked it. */
export type Message =
  | { readonly kind: 'ready' }
  /** The first work chunk of a run that this process has begun; wall clock, in ms. */
  | { readonly kind: 'begun'; readonly run: string; readonly at: number }

export function tell(message: Message): void {
  process.send?.(message)
}

/** `performance.now()` as wall clock, so that processes can be compared. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
