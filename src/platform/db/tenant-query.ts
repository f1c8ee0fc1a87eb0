import pg from 'pg'

/** What pg's own types leave out of a query that talks to the connection itself. */
interface Connection {
  readonly parsedStatements: Record<string, unknown>
  readonly submittedNamedStatements: Record<string, unknown>
  parse(query: { text: string; name: string; types: number[] }): void
  bind(config: { statement: string; values: unknown[]; valueMapper: (value: unknown) => unknown }): void
  execute(config: object): void
}
interface QueryInternals {
  prepare(connection: Connection): void
  hasBeenParsed(connection: Connection): unknown
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Connection): void
}
const Query = pg.Query as unknown as new (config: object, values?: unknown[]) => QueryInternals & object

const SET_NAME = 'tenon_set_org'
const SET_TEXT = "select set_config('app.org_id', $1, true)"
const TEXT_OID = 25

/**
 * A query and the setting that scopes it to an organisation, sent together before one Sync, so that both are one
 * implicit transaction in one round trip; the setting ends with it, also after an error.
 */
export class TenantQuery extends Query {
  readonly #org: string
  #settled = false
  #isFirst = false

  constructor(org: string, config: object) {
    super(config)
    this.#org = org
  }

  /**
   * Whether it had to be parsed. pg takes the parse of the setting for that of the query, so after an error of such a
   * query it may believe that the connection knows it: that connection must not be used again.
   */
  get isFirst(): boolean {
    return this.#isFirst
  }

  requiresPreparation(): boolean {
    return true
  }

  override prepare(connection: Connection): void {
    if (
      connection.parsedStatements[SET_NAME] === undefined &&
      connection.submittedNamedStatements[SET_NAME] === undefined
    ) {
      connection.parse({ text: SET_TEXT, name: SET_NAME, types: [TEXT_OID] })
      connection.submittedNamedStatements[SET_NAME] = SET_TEXT
    }
    this.#isFirst = !this.hasBeenParsed(connection)
    connection.bind({ statement: SET_NAME, values: [this.#org], valueMapper: (value) => value })
    connection.execute({})
    super.prepare(connection)
  }

  override handleDataRow(message: unknown): void {
    if (this.#settled) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#settled) super.handleCommandComplete(message, connection)
    this.#settled = true
  }
}
