import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** A port of 127.0.0.1 that is free now: the one in the file when it is, else any. */
export async function findFreePort(rememberedIn: string): Promise<number> {
  // At the first start nothing is remembered.
  const remembered = Number(await readFile(rememberedIn, 'utf8').catch(() => ''))
  const usable = Number.isInteger(remembered) && remembered > 0 && remembered < 65_536
  return (usable && (await tryPort(remembered))) || (await tryPort(0)) || 0
}

/** The port that could be had, or null. */
async function tryPort(port: number): Promise<number | null> {
  const server = createServer()
  try {
    server.listen({ host: '127.0.0.1', port, exclusive: true })
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : null
  } catch {
    // The port is taken: that is what was asked.
    return null
  } finally {
    server.close()
  }
}
