import { isAbsent, type Operation } from '../../src/contract/operation.ts'
import { TOOLS, type OperationTool } from '../../src/surfaces/mcp/tools.ts'
import { answerOf, fieldsOfSchema } from './fields.ts'
import { anchorOf, code, page, table } from './markdown.ts'

export function mcpToolsPage(): string {
  const tools = [...TOOLS.values()]
  return page([
    '# MCP tools',
    'What an agent is offered over MCP: by Streamable HTTP at `/mcp`, or over stdio by `tenon mcp`. [MCP hosts](../guide/mcp/README.md) has how each host is connected. Each tool is an operation of [the contract](operations.md): the same checks, limits, audit entries and answers as over REST. The result is the envelope `{data, meta?}`, as text and as `structuredContent`; a failure is `{error: {code, message, details?, requestId}}` with `isError`, and what to do about it as a second text.',
    '`org` may be left out everywhere: it is that of the credential. A call that changes something takes an idempotency key in `_meta`, as `tenon/idempotencyKey`. Hints: a tool that is *read-only* changes nothing, one that is *destructive* removes something, a repeat of an *idempotent* one has no further effect, and one of the *open world* reaches what stands outside of Tenon, such as a git server.',
    table(
      ['Tool', 'What for', 'Scope', 'Hints'],
      tools.map(({ tool, operation }) => [
        `[${code(tool.name)}](${anchorOf(tool.name)})`,
        tool.title ?? '',
        operation.scope === null ? '–' : code(operation.scope),
        hintsOf(tool),
      ]),
    ),
    ...tools.flatMap(toolSection),
  ])
}

function toolSection({ tool, operation }: OperationTool): string[] {
  const fields = fieldsOfSchema(tool.inputSchema)
  return [
    `## ${tool.name}`,
    `**${tool.title ?? tool.name}** · [${code(operation.name)}](operations.md${anchorOf(operation.name)}) · ${hintsOf(tool)}`,
    whenToUse(operation),
    table(
      ['Argument', 'Type', 'Default', 'Meaning'],
      fields.map(({ name, type, required, byDefault, description }) => [
        code(name),
        type,
        required ? 'required' : byDefault === '' ? '' : code(byDefault),
        description,
      ]),
    ),
    returnsOf(tool, operation),
  ]
}

function whenToUse({ surfaces: { mcp } }: Operation): string {
  return isAbsent(mcp) ? '' : mcp.description
}

function hintsOf({ annotations = {} }: OperationTool['tool']): string {
  const hints = [
    annotations.readOnlyHint === true ? 'read-only' : 'writes',
    ...(annotations.destructiveHint === true ? ['destructive'] : []),
    ...(annotations.idempotentHint === true ? ['idempotent'] : []),
    ...(annotations.openWorldHint === true ? ['open world'] : []),
  ]
  return hints.join(', ')
}

function returnsOf({ outputSchema }: OperationTool['tool'], { paginated, errors }: Operation): string {
  const { data } = (outputSchema?.properties ?? {}) as { readonly data?: unknown }
  const next = paginated ? ' `meta.pagination.nextCursor` leads to the next page.' : ''
  const refusals = errors.length === 0 ? '' : ` May fail with ${errors.map(code).join(', ')}.`
  return `Returns \`data\`: ${answerOf(data)}.${next}${refusals}`
}
