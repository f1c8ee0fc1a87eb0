export { createTokenAuthenticator, type TokenAuthenticator } from './authenticate-token.ts'
export type { KeyTimings } from './issuer-keys.ts'
export type { OAuthSettings } from './settings.ts'
export { looksLikeToken } from './verify-token.ts'
