import { extname } from 'node:path'
import { baseOf, dirOf } from '../graph/resolve/paths.ts'
import { languageOf } from '../language.ts'

/** How a test is called: `*` is what it is for. */
export interface TestName {
  readonly form: string
  readonly subject: string
}

const FOLDER = /^(?:tests?|specs?|e2e)$/i
/** What tests share is called as it likes. */
const SUPPORT =
  /(?:^|\/)(?:fixtures?|__fixtures__|__mocks__|__snapshots__|testdata|support|helpers?|utils?|mocks?)\/|(?:^|\/)conftest\.py$/

/** null for what is not called as a test. */
export function testNameOf(path: string): TestName | null {
  const extension = extname(path)
  const rest = baseOf(path).slice(0, baseOf(path).length - extension.length)
  if (extension === '' || SUPPORT.test(path)) return null
  const suffix = /[._-](?:tests?|spec|e2e)$/.exec(rest)
  if (suffix !== null) return { form: `*${suffix[0]}`, subject: rest.slice(0, suffix.index) }
  if (/^test_./.test(rest)) return { form: 'test_*', subject: rest.slice('test_'.length) }
  const camel = /\.(?:java|kt|cs|scala)$/.test(path) ? /.Tests?$/.exec(rest) : null
  return camel === null ? null : { form: `*${camel[0].slice(1)}`, subject: rest.slice(0, camel.index + 1) }
}

export function isSupport(path: string): boolean {
  return SUPPORT.test(path)
}

/** Languages whose tests are called alike. */
export function testFamilyOf(path: string): string | null {
  const language = languageOf(path)
  return language === 'typescript' || language === 'javascript' ? 'script' : language
}

export const PLACES = {
  beside: 'beside the source',
  nested: 'in `__tests__` beside the source',
  apart: 'in a folder of tests',
} as const
export type Place = keyof typeof PLACES

export function isPlace(value: string): value is Place {
  return Object.hasOwn(PLACES, value)
}

export function placeOf(path: string): Place {
  const folders = dirOf(path).split('/')
  if (folders.includes('__tests__')) return 'nested'
  return folders.some((folder) => FOLDER.test(folder)) ? 'apart' : 'beside'
}

/** The folder of tests that a path is in, and the rest of its folder; null when it is in none. */
export function testRootOf(path: string): { root: string; rest: string } | null {
  const folders = dirOf(path).split('/')
  const at = folders.findIndex((folder) => FOLDER.test(folder))
  if (at === -1) return null
  return { root: folders.slice(0, at + 1).join('/'), rest: folders.slice(at + 1).join('/') }
}

export function nameOfTest(form: string, stem: string, source: string): string {
  return `${form.replace('*', () => stem)}${extname(source)}`
}
