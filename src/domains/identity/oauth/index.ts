export { createTokenAuthenticator, type TokenAuthenticator } from './authenticate-token.ts'
export type { KeyTimings } from './issuer-keys.ts'
export { TOKEN_ALGORITHMS, type OAuthSettings, type TokenAlgorithm } from './settings.ts'
export { looksLikeToken } from './verify-token.ts'
