/**
 * SQL as a value: a name under which it is prepared once per connection, and a text with `:named` parameters.
 * Every statement of a tenant table names `:org`, besides row-level security; a test walks them all.
 */
export interface Statement<Params, Row> {
  readonly name: string
  /** With `$1 …` in the order of `params`. */
  readonly text: string
  readonly params: readonly (keyof Params & string)[]
  /** Only for the types: what a row looks like, in camelCase. */
  readonly row?: Row
}

export type ParamsOf<S> = S extends Statement<infer Params, infer _Row> ? Params : never

export function statement<Params extends object, Row extends object = Record<string, never>>(
  name: string,
  sql: string,
): Statement<Params, Row> {
  const params: string[] = []
  const text = sql.replaceAll(/(?<!:):([a-z][A-Za-z0-9]*)/g, (_, param: string) => {
    if (!params.includes(param)) params.push(param)
    return `$${params.indexOf(param) + 1}`
  })
  return { name, text, params: params as (keyof Params & string)[] }
}

/** Runs statements; rows come back with camelCase names, timestamps as ISO 8601 in UTC, bigint as a safe number. */
export interface Sql {
  run<Params extends object, Row extends object>(statement: Statement<Params, Row>, params: Params): Promise<Row[]>
}
