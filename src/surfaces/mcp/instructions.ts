/** What each tool that an agent begins with is for, in the order in which it needs them. */
const USES: readonly (readonly [tool: string, use: string])[] = [
  ['list_repositories', 'list_repositories for the names of what is indexed'],
  ['index_repository', 'index_repository for what is not, then get_run with waitSeconds until the run has ended'],
  ['search_code', 'search_code for text and symbols'],
  ['get_file', 'get_file to read'],
  ['search_dependencies', 'search_dependencies for who imports what'],
  ['analyze_change_impact', 'analyze_change_impact for what an edit can break and which tests to run'],
  ['validate_implementation_spec', 'validate_implementation_spec for a plan before it is carried out'],
]

/** Told to an agent before it picks a tool: of those that its key may use, which one is for what. */
export function instructionsFor(tools: ReadonlySet<string>): string | undefined {
  const uses = USES.flatMap(([tool, use]) => (tools.has(tool) ? [use] : []))
  if (uses.length === 0) return undefined
  return [
    'Answers questions about the code of the git repositories that this organisation has indexed. Use',
    `${uses.join('; ')}.`,
    'Every answer is {data, meta?} or {error: {code, message, details?}}; lists go on at meta.pagination.nextCursor.',
    'Names of repositories and projects can be given wherever an id is asked for, and org can be left out.',
  ].join(' ')
}
