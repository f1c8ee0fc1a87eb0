/** To which part of a call a stack of functions belongs. */
export const PARTS = ['auth', 'limits', 'query', 'input', 'output', 'verb', 'kernel', 'http', 'log', 'other'] as const
export type Part = (typeof PARTS)[number]

/** The first that fits decides. */
const MODULES: readonly (readonly [RegExp, Part])[] = [
  [/\/src\/domains\/identity\//, 'auth'],
  [/\/src\/domains\/limits\//, 'limits'],
  [/\/src\/platform\/db\/|\/node_modules\/pg(?!-boss)[\w-]*\//, 'query'],
  [/\/src\/kernel\/parse-input/, 'input'],
  [/\/node_modules\/zod\//, 'output'],
  [/\/src\/platform\/telemetry\/|\/src\/kernel\/redact|\/node_modules\/(?:pino|sonic-boom)\b/, 'log'],
  [/\/src\/pipelines\//, 'verb'],
  [/\/src\/kernel\//, 'kernel'],
  [/\/src\/surfaces\/|\/node_modules\/@?hono\//, 'http'],
  [/^node:(?:_http_|http$|internal\/http|internal\/deps\/undici)/, 'http'],
]

/** Parts that own what they have others do for them. */
const OWNERS: Readonly<Partial<Record<Part, readonly Part[]>>> = {
  query: ['limits', 'auth'],
  output: ['input', 'limits', 'auth'],
}

/**
 * The part of the innermost function that belongs to one, given the addresses of their modules from the innermost
 * outwards; its owner when that stands further out. After an `await` a stack begins anew: what the query of an owner
 * does from there on counts as query.
 */
export function partOf(stack: readonly string[]): Part {
  const parts = stack.flatMap((url) => MODULES.find(([pattern]) => pattern.test(url))?.[1] ?? [])
  const [innermost = 'other', ...outer] = parts
  return outer.find((part) => OWNERS[innermost]?.includes(part)) ?? innermost
}
