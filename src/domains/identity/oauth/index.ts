export { createTokenAuthenticator, type TokenAuthenticator } from './authenticate-token.ts'
export type { OAuthSettings } from './settings.ts'
