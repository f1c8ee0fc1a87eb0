import { z } from 'zod'

/** The parts of an OpenAPI 3.1 document that requests are made and answers are checked by. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly securitySchemes: Readonly<Record<string, { readonly type: string; readonly name?: string }>>
  }
}
export interface OperationObject {
  readonly operationId: string
  readonly security?: readonly object[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>

export type Schema = Partial<
  Record<'minLength' | 'maxLength' | 'minimum' | 'maximum' | 'minItems' | 'maxItems', number>
> & {
  readonly [key in '$ref' | 'pattern' | 'format']?: string
} & { readonly [key in 'anyOf' | 'oneOf' | 'allOf']?: readonly Schema[] } & {
  readonly type?: string | readonly string[]
  readonly enum?: readonly Json[]
  readonly const?: Json
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export interface DescribedOperation extends OperationObject {
  readonly method: string
  readonly path: string
}

export function describedOperations({ paths }: OpenApiDocument): DescribedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
}

/** Schemas of the answers that are described, by operation and status. */
export function answerSchemas(document: OpenApiDocument): ReadonlyMap<string, z.ZodType> {
  const { schemas } = document.components
  const inlined = (schema: Schema): Schema =>
    JSON.parse(JSON.stringify(schema), (_key, value: Schema | null) =>
      typeof value?.$ref === 'string' ? named(value.$ref) : value,
    ) as Schema
  const named = (ref: string): Schema | undefined => schemas[ref.split('/').at(-1) ?? '']
  return new Map(
    describedOperations(document).flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) => {
        const schema = content?.['application/json']?.schema
        if (schema === undefined) return []
        return [
          [`${operationId} ${status}`, z.fromJSONSchema(inlined(schema) as Parameters<typeof z.fromJSONSchema>[0])],
        ]
      }),
    ),
  )
}

/** Media types of the answers that are no JSON, by operation and status. */
export function drawingTypes(document: OpenApiDocument): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    describedOperations(document).flatMap(({ operationId, responses }) =>
      Object.entries(responses).map(([status, { content = {} }]) => {
        const types = Object.keys(content).filter((type) => type !== 'application/json')
        return [`${operationId} ${status}`, new Set(types.map((type) => `${type}; charset=utf-8`))] as const
      }),
    ),
  )
}
