const MAX_LENGTH = 200

/** For log lines: the repository that the first of these inputs names, by id or name, as it was given. */
export function repositoryIn(...inputs: readonly unknown[]): { readonly repository?: string } {
  for (const input of inputs) {
    if (typeof input !== 'object' || input === null || !('repository' in input)) continue
    const { repository } = input
    if (typeof repository === 'string' && repository !== '') return { repository: repository.slice(0, MAX_LENGTH) }
  }
  return {}
}
