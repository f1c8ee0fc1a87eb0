import type { Tool } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { OPERATIONS } from '../../contract/index.ts'
import { fieldsOf, isAbsent, PARTS, type Operation, type Part } from '../../contract/operation.ts'

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

function toolOf(
  operation: Operation,
  { tool: name, title, description }: { tool: string; title: string; description: string },
): OperationTool {
  const fields = fieldsOf(operation)
  const rest: Part = Object.keys(operation.body.shape).length > 0 ? 'body' : 'query'
  const tool: Tool = {
    name,
    title,
    description,
    inputSchema: inputSchema(operation),
    outputSchema: outputSchema(operation),
    annotations: {
      title,
      readOnlyHint: operation.method === 'GET',
      destructiveHint: operation.destructive,
      idempotentHint: operation.idempotent,
      openWorldHint: operation.tx === 'none',
    },
  }
  return {
    operation,
    tool,
    split: (args) => {
      const parts: Record<Part, Record<string, unknown>> = { params: {}, query: {}, body: {} }
      for (const [field, value] of Object.entries(args)) parts[fields.get(field) ?? rest][field] = value
      return parts
    },
  }
}

function inputSchema(operation: Operation): Tool['inputSchema'] {
  const merged = z.strictObject(Object.assign({}, ...PARTS.map((part) => operation[part].shape)))
  const { properties, required = [] } = z.toJSONSchema(merged, { io: 'input' }) as {
    properties?: Tool['inputSchema']['properties']
    required?: string[]
  }
  return {
    type: 'object',
    properties: properties ?? {},
    required: required.filter((field) => field !== 'org'),
    additionalProperties: false,
  }
}

/** An answer is the envelope of every surface, also when it is an error. */
function outputSchema(operation: Operation): NonNullable<Tool['outputSchema']> {
  const { $schema: _, ...data } = z.toJSONSchema(operation.output, { io: 'output', unrepresentable: 'any' })
  return { type: 'object', properties: { data, meta: { type: 'object' }, error: { type: 'object' } } }
}
