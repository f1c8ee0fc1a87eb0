import { createMcp, type McpTool } from '../../src/surfaces/mcp/index.ts'
import { createRestApp, listen, type Listening } from '../../src/surfaces/rest/index.ts'
import type { Caller } from '../../src/kernel/run-operation.ts'
import { silentLog } from './database.ts'

const HOST = '127.0.0.1'
const PUBLIC_URL = 'https://tenon.example'

/** The HTTP surfaces of a node on a free port of this machine. */
export function listenOn(caller: Caller): Promise<Listening> {
  return listenWith(caller, createMcp({ caller, log: silentLog, hosts: [HOST, 'localhost'], publicUrl: PUBLIC_URL }))
}

/** The same with other tools than those of the contract, and whoever the caller lets in. */
export function listenWithTools(caller: Caller, tools: readonly McpTool[], port = 0): Promise<Listening> {
  return listenWith(
    caller,
    createMcp({ caller, tools, log: silentLog, hosts: [HOST, 'localhost'], publicUrl: PUBLIC_URL }),
    port,
  )
}

/** Lets everybody in, and calls nothing. */
export const EVERYBODY: Caller = {
  admit: async () => ({ ok: true, principal: { actor: { kind: 'anonymous' }, org: null, scopes: [] } }),
  call: () => Promise.reject(new Error('no operation is called')),
}

function listenWith(caller: Caller, mcp: ReturnType<typeof createMcp>, port = 0): Promise<Listening> {
  const app = createRestApp({ caller, mcp, log: silentLog, checks: {}, publicUrl: PUBLIC_URL, trustedProxies: [] })
  return listen(app, { host: HOST, port })
}
