import type { ImportKind } from '../facts.ts'
import { createJavaScriptResolver } from './javascript.ts'
import type { Resolver } from './resolver.ts'

/** Texts by path; what is no text is written as JSON. */
export type Repository = Readonly<Record<string, unknown>>

export function textsOf(repository: Repository): ReadonlyMap<string, string> {
  const texts = Object.entries(repository).map(([path, text]): [string, string] => [
    path,
    typeof text === 'string' ? text : JSON.stringify(text),
  ])
  return new Map(texts)
}

export function resolverOf(repository: Repository): Resolver {
  const texts = textsOf(repository)
  return createJavaScriptResolver({ files: new Set(texts.keys()), texts })
}

/** The path that is found, or the reason and the module. */
export function resolve(resolver: Resolver, path: string, specifier: string, kind: ImportKind = 'import'): string {
  const [found] = resolver.resolve(path, { specifier, kind, typeOnly: false, line: 1, names: [] })
  if (found === undefined) return 'nothing'
  if (found.path !== null) return found.path
  return found.module === null ? `${found.reason}` : `${found.reason} ${found.module}`
}

/** For a table of tests: importing path, specifier, and what is expected. */
export type Case = readonly [from: string, specifier: string, expected: string]
