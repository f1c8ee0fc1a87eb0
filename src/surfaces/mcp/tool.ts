import type { CallToolResult, Tool } from '@modelcontextprotocol/server'
import type { Scope } from '../../contract/scopes.ts'
import type { AdmitRequest } from '../../kernel/run-operation.ts'

/** Who asks, from where, for how long: all of a call but what is asked. */
export type From = AdmitRequest

/** What the server offers and hands calls to. */
export interface McpTool {
  readonly tool: Tool
  /** It is listed for whoever has this scope; null lists it for everybody. Calls are judged by the tool itself. */
  readonly scope: Scope | null
  /** It may say how far a call has come, so that the answer to a caller who asks for that is a stream. */
  readonly progresses: boolean
  call(args: Readonly<Record<string, unknown>>, from: From): Promise<CallToolResult>
}
