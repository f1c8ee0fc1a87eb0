/**
 * What the search bench looks for. TUNING may be used while working on the engine. TEST must not: no constant, format
 * or order of work is chosen by it; it is only measured, so that its figures say what an unseen query costs.
 *
 * Chosen by reading the corpora, with counts from one line to every second file. Both sets have the same kinds in the
 * same numbers, without a common query.
 */
export interface BenchQuery {
  readonly kind: string
  readonly q: string
  readonly mode: 'literal' | 'regex'
  readonly case: 'sensitive' | 'insensitive'
}

export interface QuerySet {
  readonly literal: readonly BenchQuery[]
  readonly regex: readonly BenchQuery[]
}

type Kinds = Readonly<Record<string, readonly string[]>>

const TUNING_LITERALS: Kinds = {
  'rare identifier': [
    'createInvalidObservableTypeError',
    'setCurrentVersion',
    'excludeYogaFromRawProps',
    'splotchIntensity',
    'structuredClone',
    'RCTTurboModuleManagerDelegate',
  ],
  'common identifier': ['subscribe', 'length', 'undefined', 'Promise', 'addEventListener', 'exports'],
  phrase: [
    'export declare function',
    'Permission is hereby granted',
    'import type',
    'This source code is licensed under the MIT license',
    'use strict',
    'return new Promise',
  ],
  'rare phrase of common trigrams': [
    'function return value',
    'the number of times',
    'is not the same as',
    'the other one',
  ],
  fragment: ['=> {', '.then(', '});', ' || {}', '?.[', '(!this.'],
  comment: ['Free up memory first', 'order we added them', 'TODO:', 'will be removed in v8'],
  'error message': ['Missing required property', 'KTX2 encoder numWorkers', 'is not a function'],
  short: ['if', '0x', 'Map', '=>'],
  absent: ['zqxjkvbw', 'return the undefinedly', 'getElementByIdOfNothing', 'Zażółć gęślą jaźń'],
  'non-ASCII': ['огноо руу', '是否开启定期', 'ではない', 'Größe'],
}

const TUNING_EXACT: Kinds = {
  'case-sensitive': ['JSON.stringify', 'README', 'toString', 'MIT License', 'Id', 'BUFFER'],
}

const TUNING_REGEXES: Kinds = {
  'prefix and suffix': ['\\bcreate\\w+Error\\(', '\\bget\\w+State\\(\\)', 'RCT\\w+Delegate'],
  alternation: ['TODO|FIXME|XXX', '(subscribe|unsubscribe)\\(', 'throw new (Type|Range)Error'],
  class: ['0x[0-9a-f]{8}', 'v[0-9]+\\.[0-9]+\\.[0-9]+', '[Ll]icen[cs]e under'],
  anchored: ['^export default function', '^\\s*// eslint-disable', '^#include <folly/'],
  gap: ['import .* from "effect', 'function\\s*\\(\\w+,\\s*\\w+\\)'],
  'no literal': ['\\d{4}-\\d{2}-\\d{2}', '[A-Z]{12,}'],
  catastrophic: ['(a+)+$', '(\\w+\\s?)*;;'],
  absent: ['zqx\\w+jkv', '\\bwhilst\\s+\\d+zz'],
}

const TEST_LITERALS: Kinds = {
  'rare identifier': [
    'dateTimestampProvider',
    'addMethodChaining',
    'ReadableMapKeySetIterator',
    'throwUnobservableError',
    'vectorComponents',
    'ParametricFunctions',
  ],
  'common identifier': ['scheduler', 'value', 'default', 'Object', 'removeChild', 'require'],
  phrase: [
    'export default class',
    'without warranty of any kind',
    'import * as',
    'All rights reserved',
    'instanceof Error',
    'async function',
  ],
  'rare phrase of common trigrams': [
    'name of the export',
    'in the order of',
    'value of the default',
    'the return type of',
  ],
  fragment: [') => ', '.map(', '};', ' ?? null', '...args', '[i] ='],
  comment: ['so tests can control them', 'added them backwards', 'FIXME', 'no-default-lib'],
  'error message': ['This loader is only usable as a module', 'Invalid color', 'must be a non-negative'],
  short: ['do', '&&', 'Set', '//'],
  absent: ['qwzxvkjp', 'const the returning', 'addEventListenerOfNobody', 'übermäßig späßig'],
  'non-ASCII': ['塊範圍宣告', '提示音次数', 'größer', '不允许应用'],
}

const TEST_EXACT: Kinds = {
  'case-sensitive': ['Array.isArray', 'LICENSE', 'hasOwnProperty', 'Apache License', 'Of', 'STATIC'],
}

const TEST_REGEXES: Kinds = {
  'prefix and suffix': ['\\bthrow\\w+Error\\(', '\\bset\\w+Listener\\(', 'Readable\\w+Iterator'],
  alternation: ['HACK|WORKAROUND|@internal', '(encode|decode)URIComponent', 'instanceof (Map|Set)'],
  class: ['#[0-9a-f]{6}', 'ES20[0-9][0-9]', '[Cc]opyright \\(c\\)'],
  anchored: ['^export type \\{', '^\\s*@Override', '^import static'],
  gap: ['const .* = await ', 'new\\s+Map\\(\\s*\\)'],
  'no literal': ['\\d+\\.\\d+e-\\d+', '[a-z]{25,}'],
  catastrophic: ['(x+x+)+y$', '(\\d+)*!!$'],
  absent: ['vkq\\w+zzj', '^\\s*qqq\\d+xx$'],
}

export const TUNING: QuerySet = querySet(TUNING_LITERALS, TUNING_EXACT, TUNING_REGEXES)
export const TEST: QuerySet = querySet(TEST_LITERALS, TEST_EXACT, TEST_REGEXES)

function querySet(literals: Kinds, exact: Kinds, regexes: Kinds): QuerySet {
  const listOf = (kinds: Kinds, mode: BenchQuery['mode'], sensitivity: BenchQuery['case']): BenchQuery[] =>
    Object.entries(kinds).flatMap(([kind, texts]) => texts.map((q) => ({ kind, q, mode, case: sensitivity })))
  return {
    literal: [...listOf(literals, 'literal', 'insensitive'), ...listOf(exact, 'literal', 'sensitive')],
    regex: listOf(regexes, 'regex', 'sensitive'),
  }
}
