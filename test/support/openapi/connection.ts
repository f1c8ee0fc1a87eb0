import { connect, type Socket } from 'node:net'
import { TIMEOUTS } from '../../../src/contract/timeouts.ts'
import type { Wire } from './draft.ts'

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** One connection after the other to a server on this machine: bytes in, an answer out, kept open in between. */
export interface RawConnection {
  /** Null when the server closed without an answer, or the client did not wait for one. */
  ask(bytes: Buffer, method: string, hangsUp: Wire['hangsUp']): Promise<RawAnswer | null>
  close(): void
}

/** An answer that takes longer than any promise of Tenon is no answer. */
const ANSWER_MS = TIMEOUTS.wait + 5_000
const NO_CHUNKS = Buffer.from('0\r\n\r\n')

export function rawConnection(port: number): RawConnection {
  let open: Socket | null = null
  const fresh = (): Socket => connect({ port, host: '127.0.0.1', noDelay: true })
  return {
    ask: async (bytes, method, hangsUp) => {
      const kept = open?.readyState === 'open' ? open : null
      open = null
      if (hangsUp === 'at once') {
        const socket = kept ?? fresh()
        await new Promise((resolve) => {
          socket.on('error', resolve).write(bytes, resolve)
        })
        socket.destroy()
        return null
      }
      let socket = kept ?? fresh()
      let heard = await exchange(socket, bytes, method, hangsUp)
      // The server has closed a connection that was kept open, perhaps before it saw this request.
      if (kept !== null && heard.nothing) {
        socket = fresh()
        heard = await exchange(socket, bytes, method, hangsUp)
      }
      const { answer } = heard
      if (hangsUp === 'never' && answer !== null && answer.headers.get('connection') !== 'close') open = socket
      else socket.destroy()
      return answer
    },
    close: () => open?.destroy(),
  }
}

interface Heard {
  readonly answer: RawAnswer | null
  readonly nothing: boolean
}

function exchange(socket: Socket, bytes: Buffer, method: string, hangsUp: Wire['hangsUp']): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const settle = (ended: boolean): void => {
      const [part = Buffer.alloc(0)] = parts
      const received = parts.length === 1 ? part : Buffer.concat(parts)
      const answer = readAnswer(received, method, ended)
      if (answer === null && !ended) return
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose)
      resolve({ answer, nothing: received.length === 0 })
    }
    const onData = (part: Buffer): void => {
      parts.push(part)
      settle(false)
    }
    const onClose = (): void => settle(true)
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer within ${ANSWER_MS} ms to ${bytes.toString('latin1', 0, 500)}`))
    }, ANSWER_MS)
    // After it comes `close`.
    if (socket.listenerCount('error') === 0) socket.on('error', () => {})
    socket.on('data', onData).on('close', onClose)
    if (hangsUp === 'half') socket.end(bytes)
    else socket.write(bytes)
  })
}

/** The answer in these bytes; null while some of it is missing. */
function readAnswer(bytes: Buffer, method: string, ended: boolean): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
  // An interim answer, before the one that counts.
  if (status < 200) return readAnswer(bytes.subarray(end + 4), method, ended)
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const content = bytes.subarray(end + 4)
  // Only Node's own refusals come in chunks: in one, which is empty.
  const isEmpty = method === 'HEAD' || content.equals(NO_CHUNKS)
  const length = isEmpty ? '0' : headers.get('content-length')
  if (length === undefined ? !ended : content.length < Number(length)) return null
  return { status, headers, body: content.toString('utf8', 0, Number(length ?? content.length)) }
}
