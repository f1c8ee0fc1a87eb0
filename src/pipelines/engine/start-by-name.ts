import type { Run } from '../../contract/runs.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { Pipeline, PipelineMap, StartCall } from './pipeline.ts'

/** Checks what a pipeline is asked for. @throws TenonError `unknown_pipeline`, `validation_failed` */
export function startableBy(
  pipelines: PipelineMap,
  name: string,
  given: unknown,
): (sql: Sql, call: StartCall) => Promise<Run> {
  const { start } = pipelines.get(name) ?? {}
  if (start === undefined) {
    const startable = [...pipelines.values()].filter((pipeline: Pipeline) => pipeline.start !== undefined)
    throw new TenonError('unknown_pipeline', { details: { pipelines: startable.map(({ id }) => id) } })
  }
  const request = start.request.safeParse(given)
  if (!request.success) {
    const issues = request.error.issues.map(({ path, message }) => ({
      path: ['body', 'input', ...path.map(String)].join('.').slice(0, 120),
      message: message.slice(0, 240),
    }))
    throw new TenonError('validation_failed', { details: { issues: issues.slice(0, 20) } })
  }
  return (sql, call) => start.begin(sql, call, request.data)
}
