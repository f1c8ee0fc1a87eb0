export { createIssuerKeys, type KeyTimings } from './issuer-keys.ts'
export { looksLikeToken, refused, TokenRefused, unverifiedIssuer, verifyJwt, type TokenRules } from './verify-jwt.ts'
