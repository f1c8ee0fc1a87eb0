import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { listen, type ListenOptions, type Listening } from './listen.ts'

const opened: Listening[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((listening) => listening.close(0)))
})

async function start(more: Pick<ListenOptions, 'timeouts'> = {}): Promise<Listening> {
  const app = new Hono()
  app.get('/', (c) => c.text('at once'))
  app.get('/slow', async (c) => {
    await sleep(150)
    return c.text('slow')
  })
  app.get('/moved', () => new Response(null, { status: 308, headers: { location: '/' } }))
  app.get('/unchanged', () => new Response(null, { status: 304, headers: { etag: '"a"' } }))
  app.get('/named', () => new Response('named', { headers: { 'x-request-id': 'of-its-maker' } }))
  app.get('/never', () => new Promise<Response>(() => {}))
  app.post('/', async (c) => c.text(await c.req.text()))
  app.onError(() => new Response(null, { status: 500 }))
  const listening = await listen(app, { host: '127.0.0.1', port: 0, ...more })
  opened.push(listening)
  return listening
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
  readonly connection: string | undefined
}
async function ask(url: string, path: string, agent: Agent): Promise<Answer> {
  const [response] = (await once(get(new URL(path, url), { agent }), 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await text(response), connection: response.headers.connection }
}

async function openSocket({ url }: Listening): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
const REQUEST = 'GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

describe('an answer', () => {
  it('has a request id, the one that was given or a new one, whoever has made it', async () => {
    const { url } = await start()
    const given = { 'x-request-id': 'request-of-a-test' }
    for (const [path, init] of [
      ['/', {}],
      ['/none', {}],
      ['/', { method: 'HEAD' }],
      ['/', { method: 'OPTIONS' }],
      ['/moved', { redirect: 'manual' }],
      ['/unchanged', {}],
    ] as const) {
      const ids = await Promise.all(
        [{}, given, { 'x-request-id': 'a b' }].map(async (headers) => {
          const response = await fetch(new URL(path, url), { ...init, headers })
          await response.arrayBuffer()
          return response.headers.get('x-request-id')
        }),
      )
      const made = expect.stringMatching(/^req_/)
      expect([path, ...ids]).toEqual([path, made, 'request-of-a-test', made])
      expect(ids[0]).not.toBe(ids[2])
    }
  })

  it('keeps the request id that its maker has given it', async () => {
    const { url } = await start()
    expect((await fetch(new URL('/named', url))).headers.get('x-request-id')).toBe('of-its-maker')
  })
})

describe('draining', () => {
  it('goes on serving, and asks every client to come back on another connection', async () => {
    const listening = await start()
    const agent = new Agent({ keepAlive: true })
    expect((await ask(listening.url, '/', agent)).connection).toBe('keep-alive')
    const underWay = ask(listening.url, '/slow', agent)
    await sleep(50)
    listening.drain()
    expect(await underWay).toEqual({ status: 200, body: 'slow', connection: 'close' })
    for (const path of ['/', '/slow', '/'])
      expect(await ask(listening.url, path, agent)).toMatchObject({ status: 200, connection: 'close' })
    expect((await ask(listening.url, '/none', agent)).connection).toBe('close')
    agent.destroy()
  })

  it('lets a server go under load without one failed request', async () => {
    const [leaving, staying] = [await start(), await start()]
    const answers: Answer[] = []
    const end = new AbortController()
    const load = async (): Promise<string> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      let { url } = leaving
      while (!end.signal.aborted) {
        const answer = await ask(url, Math.random() < 0.2 ? '/slow' : '/', agent)
        answers.push(answer)
        if (answer.connection === 'close') url = staying.url
        await sleep(Math.random() * 10)
      }
      agent.destroy()
      return url
    }
    const clients = Array.from({ length: 20 }, load)
    await sleep(200)
    leaving.drain()
    await sleep(300)
    const began = performance.now()
    await leaving.close(10_000)
    expect(performance.now() - began).toBeLessThan(1_000)
    await sleep(100)
    end.abort()
    expect(new Set(await Promise.all(clients))).toEqual(new Set([staying.url]))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.length).toBeGreaterThan(100)
  })
})

describe('closing', () => {
  it('still answers a request that is on its way, on a new connection and on one kept open', async () => {
    const listening = await start()
    const [fresh, kept] = [await openSocket(listening), await openSocket(listening)]
    kept.write(REQUEST)
    await once(kept, 'data')
    const closing = listening.close(10_000)
    const answers = [fresh, kept].map(async (socket) => {
      socket.write(REQUEST)
      return text(socket)
    })
    for (const answer of await Promise.all(answers))
      expect(answer).toMatch(/^HTTP\/1.1 200 .*Connection: close.*slow$/is)
    await closing
  })

  it('takes no new connection, and does not wait for idle ones', async () => {
    const listening = await start()
    const idle = await openSocket(listening)
    const ended = once(idle, 'close')
    const began = performance.now()
    const closing = listening.close(10_000)
    await expect(openSocket(listening)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await closing
    await ended
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it('waits for what is under way, and no longer than it may', async () => {
    const listening = await start()
    const agent = new Agent({ keepAlive: true })
    const never = ask(listening.url, '/never', agent).catch((error: unknown) => error)
    const slow = ask(listening.url, '/slow', agent)
    await sleep(50)
    const began = performance.now()
    await listening.close(500)
    expect(performance.now() - began).toBeGreaterThan(450)
    expect(await slow).toMatchObject({ status: 200, connection: 'close' })
    expect(await never).toMatchObject({ code: 'ECONNRESET' })
    agent.destroy()
  })
})

describe('listening', () => {
  it('gives up on a client that is slow with its headers or its body', async () => {
    const listening = await start({ timeouts: { headersMs: 100, requestMs: 200, checkMs: 20 } })
    for (const beginning of [
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nabc',
    ]) {
      const socket = await openSocket(listening)
      socket.write(beginning)
      expect(await text(socket)).toMatch(/^HTTP\/1.1 408 /)
    }
  })

  it('refuses a port that is taken', async () => {
    const { url } = await start()
    await expect(listen(new Hono(), { host: '127.0.0.1', port: Number(new URL(url).port) })).rejects.toMatchObject({
      code: 'port_in_use',
    })
  })
})
