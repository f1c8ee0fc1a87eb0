import type { CallToolResult, Tool } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import {
  envelopeFieldsOf,
  fieldsOf,
  isAbsent,
  type Fields,
  type McpSurface,
  type Operation,
  type Part,
} from '../../contract/operation.ts'
import type { Caller, Outcome } from '../../kernel/run-operation.ts'
import { portable, type JsonSchema } from './portable-schema.ts'
import type { McpTool } from './tool.ts'

export interface OperationTool {
  readonly operation: Operation
  readonly tool: Tool
  /** Sorts the arguments into the parts of the operation; what it does not know goes where it is refused. */
  split(args: Readonly<Record<string, unknown>>): Record<Part, Record<string, unknown>>
}

/** The tools of the contract, by name. */
export const TOOLS: ReadonlyMap<string, OperationTool> = new Map(
  OPERATIONS.flatMap((operation) => {
    const { mcp } = operation.surfaces
    return isAbsent(mcp) ? [] : [[mcp.tool, toolOf(operation, mcp)] as const]
  }),
)

/** They are what a caller calls. */
export function operationTools(caller: Pick<Caller, 'call'>): McpTool[] {
  return [...TOOLS.values()].map(({ operation, tool, split }) => ({
    tool,
    scope: operation.scope,
    progresses: operation.timeoutMs !== null,
    call: async (args, from) => resultOf(await caller.call(operation, { ...from, input: split(args) })),
  }))
}

/** The envelope of every surface, as text and as an object; of an error, what helps comes after it. */
function resultOf(outcome: Outcome): CallToolResult {
  const envelope = outcome.envelope as unknown as Record<string, unknown>
  const text = { type: 'text', text: JSON.stringify(envelope) } as const
  if (outcome.ok) return { content: [text], structuredContent: envelope }
  const recovery = { type: 'text', text: ERRORS[outcome.code].recovery } as const
  return { content: [text, recovery], structuredContent: envelope, isError: true }
}

function toolOf(
  operation: Operation,
  { tool: name, title, description, defaults = {}, openWorld = false }: McpSurface,
): OperationTool {
  const fields = fieldsOf(operation)
  // An agent reads text: the answer as JSON tells it more, in less room, than a drawing would.
  const offered = envelopeFieldsOf(operation)
  const rest: Part = Object.keys(operation.body.shape).length > 0 ? 'body' : 'query'
  const tool: Tool = {
    name,
    title,
    description,
    inputSchema: inputSchema(offered, defaults),
    outputSchema: outputSchema(operation),
    annotations: {
      title,
      readOnlyHint: !operation.audited,
      destructiveHint: operation.destructive,
      idempotentHint: operation.idempotent,
      openWorldHint: openWorld,
    },
  }
  return {
    operation,
    tool,
    split: (args) => {
      const given = Object.entries({ ...defaults, ...args })
      const partOf = (field: string): Part =>
        field === 'format' && !('format' in offered.shape) ? 'body' : (fields.get(field) ?? rest)
      // Not by assignment, to which `__proto__` is no field like any other.
      const those = (part: Part) => Object.fromEntries(given.filter(([field]) => partOf(field) === part))
      return { params: those('params'), query: those('query'), body: those('body') }
    },
  }
}

function inputSchema(offered: Fields, defaults: NonNullable<McpSurface['defaults']>): Tool['inputSchema'] {
  const { properties, required = [] } = portable(z.toJSONSchema(offered, { io: 'input' }) as JsonSchema) as {
    properties?: Tool['inputSchema']['properties']
    required?: string[]
  }
  return {
    type: 'object',
    properties: withDefaults(properties ?? {}, defaults),
    required: required.filter((field) => field !== 'org'),
    additionalProperties: false,
  }
}

type Properties = NonNullable<Tool['inputSchema']['properties']>

function withDefaults(properties: Properties, defaults: NonNullable<McpSurface['defaults']>): Properties {
  const changed = Object.entries(defaults).map(([field, value]) => [
    field,
    { ...(properties[field] as object), default: value },
  ])
  return { ...properties, ...Object.fromEntries(changed) }
}

/** An answer is the envelope of every surface, also when it is an error. */
function outputSchema(operation: Operation): NonNullable<Tool['outputSchema']> {
  const schema = z.toJSONSchema(operation.output, { io: 'output', unrepresentable: 'any' }) as JsonSchema
  const data = portable(schema, { brief: true })
  return { type: 'object', properties: { data, meta: { type: 'object' }, error: { type: 'object' } } }
}
