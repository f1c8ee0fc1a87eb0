import { createHmac } from 'node:crypto'

/**
 * `t` is the real time, even when the clock of the sandbox is ahead: receivers compare it with theirs, and refuse what
 * is more than some minutes away.
 */
export function signatureOf(secret: string, body: string, realMs: number): string {
  const t = Math.floor(realMs / 1000)
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
}
