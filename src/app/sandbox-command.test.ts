import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { sandbox } from './sandbox-command.ts'

const folder = temporaryFolder('sandbox-command')
afterAll(() => folder.remove())
const quiet = { state: undefined, json: true, say: () => {} }

it('runs until it is interrupted, and goes on from its state', async () => {
  const state = join(folder.path, 'stripe.json')
  const run = async (use: (stripe: { url: string; apiKey: string }) => Promise<void>) => {
    const child = spawn(process.execPath, ['bin/tenon.js', 'sandbox', '--port', '0', '--state', state, '--json'])
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      await use((JSON.parse(line.toString()) as { data: { stripe: { url: string; apiKey: string } } }).data.stripe)
      child.kill('SIGINT')
      const [code] = (await once(child, 'exit')) as [number]
      expect(code).toBe(0)
    } finally {
      child.kill('SIGKILL')
    }
  }
  const customers = (url: string, apiKey: string, method: string) =>
    fetch(`${url}/v1/customers`, { method, headers: { authorization: `Bearer ${apiKey}` } })
  await run(async ({ url, apiKey }) => expect((await customers(url, apiKey, 'POST')).status).toBe(200))
  await run(async ({ url, apiKey }) => {
    const { data } = (await (await customers(url, apiKey, 'GET')).json()) as { data: object[] }
    expect(data).toHaveLength(1)
  })
})

it('says what is wrong with a port', async () => {
  for (const port of ['x', '', '-1', '70000', '1.5']) {
    await expect(sandbox({ ...quiet, port })).rejects.toMatchObject({ code: 'usage' })
  }
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  await expect(sandbox({ ...quiet, port: String(port) })).rejects.toMatchObject({
    code: 'port_in_use',
    details: { port },
  })
  await new Promise((resolve) => other.close(resolve))
})
