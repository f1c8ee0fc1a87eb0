import { ENVIRONMENT } from './environment.ts'

/** A variable that has a description, with what counts when it is not set. */
export interface DocumentedVariable {
  readonly name: string
  readonly description: string
  readonly byDefault: string | undefined
}

export function documentedVariables(): readonly DocumentedVariable[] {
  return Object.entries(ENVIRONMENT.shape).flatMap(([name, field]) => {
    const { description } = field
    return description === undefined ? [] : [{ name, description, byDefault: defaultOf(field) }]
  })
}

function defaultOf(field: {
  readonly safeParse: (value: undefined) => { success: boolean; data?: unknown }
}): string | undefined {
  const { success, data } = field.safeParse(undefined)
  if (!success || data === undefined) return undefined
  const text = (Array.isArray(data) ? data : [data]).map((value) => `${value as string | number}`).join(', ')
  return text === '' ? undefined : text
}
