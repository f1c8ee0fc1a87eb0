import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Which connections: told by the `application_name` of their start-up message. */
export type Which = (applicationName: string) => boolean

/** A proxy in front of PostgreSQL that can break single connections in the ways in which networks do. */
export interface TcpProxy {
  /** The address of the database through the proxy. */
  readonly url: string
  /** Bytes that came on frozen connections and went nowhere. */
  readonly dropped: { readonly fromClients: number; readonly fromServer: number }
  /** Connections that were accepted since `freezeNew` and never answered. */
  readonly unanswered: number
  /** Half-open: nothing is forwarded any more in either direction, the end neither; the sockets stay open. Answers how many. */
  freeze(which: Which): number
  /** Later connections are accepted and never answered. */
  freezeNew(which: Which): void
  /** Later connections go through again; those that are frozen stay so. */
  thawNew(): void
  /** Resets all connections and refuses new ones, as a server that is down. */
  cut(): Promise<void>
  /** Takes connections again, on the same port. */
  mend(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  readonly name: string
  readonly client: Socket
  readonly server: Socket
  frozen: boolean
}

const nobody: Which = () => false

export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const pairs = new Set<Pair>()
  const dropped = { fromClients: 0, fromServer: 0 }
  let unanswered = 0
  let isNewFrozen = nobody

  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // A connection that is reset is closed as well, which its partner is told.
    return socket.on('error', () => {}).once('close', () => sockets.delete(socket))
  }
  const accept = async (client: Socket): Promise<void> => {
    keep(client)
    const first = await firstMessage(client)
    if (first === null) return void client.destroy()
    const name = applicationNameOf(first)
    if (isNewFrozen(name)) {
      unanswered += 1
      return void client.on('data', (bytes) => (dropped.fromClients += bytes.length))
    }
    const server = keep(connect({ host: target.hostname, port: Number(target.port), noDelay: true }))
    const pair: Pair = { name, client, server, frozen: false }
    pairs.add(pair)
    server.write(first)
    join(pair, dropped)
    client.once('close', () => pairs.delete(pair))
  }

  let listening = await listen(0, accept)
  const { port } = listening.address() as AddressInfo
  const cut = async (): Promise<void> => {
    const closed = listening.listening ? once(listening, 'close') : undefined
    listening.close()
    for (const socket of sockets) socket.resetAndDestroy()
    await closed
  }
  return {
    url: addressOf(target, port),
    dropped,
    get unanswered() {
      return unanswered
    },
    freeze: (which) => {
      const chosen = [...pairs].filter(({ name, frozen }) => !frozen && which(name))
      for (const pair of chosen) pair.frozen = true
      return chosen.length
    },
    freezeNew: (which) => {
      isNewFrozen = which
    },
    thawNew: () => {
      isNewFrozen = nobody
    },
    cut,
    mend: async () => {
      listening = await listen(port, accept)
    },
    close: cut,
  }
}

function addressOf(target: URL, port: number): string {
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}

async function listen(port: number, accept: (client: Socket) => Promise<void>): Promise<Server> {
  const server = createServer({ noDelay: true }, (client) => void accept(client))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function join(pair: Pair, dropped: { fromClients: number; fromServer: number }): void {
  const { client, server } = pair
  client.on('data', (bytes: Buffer) => {
    if (pair.frozen) dropped.fromClients += bytes.length
    else server.write(bytes)
  })
  server.on('data', (bytes: Buffer) => {
    if (pair.frozen) dropped.fromServer += bytes.length
    else client.write(bytes)
  })
  client.once('close', () => pair.frozen || server.destroy())
  server.once('close', () => pair.frozen || client.destroy())
}

/** The start-up message, or whatever else comes first, in full; null when the client went before. */
function firstMessage(client: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const gone = (): void => resolve(null)
    client.once('close', gone)
    client.on('data', function collect(piece: Buffer) {
      bytes = Buffer.concat([bytes, piece])
      if (bytes.length < 4 || bytes.length < bytes.readUInt32BE(0)) return
      client.off('data', collect).off('close', gone)
      resolve(bytes)
    })
  })
}

/** After its length and the version, the message is a list of names and values, each ended by a zero byte. */
function applicationNameOf(startup: Buffer): string {
  const fields = startup.toString('utf8', 8).split('\0')
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === 'application_name') return fields[i + 1] ?? ''
  return ''
}
