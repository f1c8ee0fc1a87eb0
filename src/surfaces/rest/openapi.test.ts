import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../contract/index.ts'
import { takesIdempotencyKey } from '../../contract/operation.ts'
import { exampleData, exampleRequest } from './openapi-examples.ts'
import { openApiDocument } from './openapi.ts'

interface OperationObject {
  readonly tags: readonly string[]
  readonly parameters: readonly { readonly name: string }[]
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}
const document = openApiDocument('http://127.0.0.1:7420') as {
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
}

describe('the OpenAPI document', () => {
  it('is accepted by a linter', async () => {
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source: JSON.stringify(document), config })
    expect(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    ).toEqual([])
  })

  it.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'has the headers of %s',
    (_, operation) => {
      const { method, path, status } = operation
      const described = document.paths[path]?.[method.toLowerCase()]
      const writes = takesIdempotencyKey(operation)
      expect(described?.parameters.some(({ name }) => name === 'Idempotency-Key')).toBe(writes)
      const named = (code: number | string): string[] => Object.keys(described?.responses[code]?.headers ?? {})
      expect(named(status).includes('Idempotency-Replayed')).toBe(writes)
      for (const code of [status, 429, 503])
        expect(named(code)).toEqual(expect.arrayContaining(['X-Request-ID', 'RateLimit-Limit', 'RateLimit-Policy']))
      for (const code of [429, 503]) expect(named(code)).toContain('Retry-After')
      expect(named(500)).not.toContain('Retry-After')
    },
  )

  it.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
    'has examples of %s that the contract takes',
    (_, operation) => {
      const { params, query, body } = exampleRequest(operation)
      expect([operation.params.parse(params), operation.query.parse(query), operation.body.parse(body)]).toBeDefined()
      expect(operation.output.parse(exampleData(operation))).toBeDefined()
    },
  )

  it('groups operations in an order to read them in, and names each group', () => {
    const names = document.tags.map(({ name }) => name)
    expect(names.slice(0, 3)).toEqual(['Repositories', 'Projects', 'Search'])
    expect(names.at(-1)).toBe('Health')
    expect(names).toEqual(names.map((name) => expect.stringMatching(name[0]?.toUpperCase() ?? '')))
    expect(new Set(names).size).toBe(names.length)
  })

  it('describes every tag that an operation has', () => {
    const used = Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap(({ tags }) => tags))
    expect(new Set(document.tags.map(({ name }) => name))).toEqual(new Set(used))
  })
})
