/** Where RFC 9728 has a protected resource describe itself; that of MCP has its path at the end. */
export const METADATA_PATH = '/.well-known/oauth-protected-resource'

/** The resources that a token can be for, by their path below the public address. */
export type ResourcePath = '' | '/mcp'

/**
 * The value of `WWW-Authenticate` (RFC 6750 and 9728): how to say who one is, and where to read who gives out tokens.
 * Without an error when no credential came. Give `/mcp` for `path` at the MCP endpoint: a client that follows the RFC
 * to the letter believes a description only of the very address that it has asked.
 */
export function challengeOf(
  publicUrl: string,
  error?: 'invalid_token' | 'insufficient_scope',
  scope?: string,
  path: ResourcePath = '',
): string {
  return [
    `Bearer resource_metadata="${publicUrl}${METADATA_PATH}${path}"`,
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ].join(', ')
}
