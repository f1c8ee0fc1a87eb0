/** The value of an `Authorization` header, when it is one bearer credential and nothing else. */
export function bearerOf(authorization: string | null | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1]
}

/** An API key or access token: as a bearer, else by the header that is for keys alone. */
export function apiKeyIn(header: (name: string) => string | null | undefined): string | undefined {
  return bearerOf(header('authorization')) ?? header('x-api-key') ?? undefined
}
