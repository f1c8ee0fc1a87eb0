import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkSources, readSource, TABLES, type Source } from './architecture.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = globSync('src/**/*.{ts,tsx}', { cwd: root }).map((path) => readSource(root, path))

describe('the house', () => {
  it('keeps every rule', () => {
    expect(sources.length).toBeGreaterThan(40)
    expect(checkSources(sources)).toEqual([])
  })

  it('fails when it has read no file', () => {
    expect(() => checkSources([])).toThrow('has read no file')
  })

  it('knows the owner of every table that a migration makes', () => {
    const migrations = globSync('db/migrations/*.sql', { cwd: root }).map((path) => readSource(root, path).text)
    const made = migrations.flatMap((text) =>
      [...text.matchAll(/create table (?:if not exists )?(\w+)/gi)].map((m) => m[1]),
    )
    expect(made.length).toBeGreaterThan(0)
    expect(new Set(made)).toEqual(new Set(Object.keys(TABLES)))
  })
})

/** One planted violation of each rule. */
const planted: Record<string, Source> = {
  place: { path: 'src/stray/a.ts', text: 'export const a = 1' },
  packages: { path: 'src/contract/a.ts', text: "import pg from 'pg'" },
  layers: { path: 'src/kernel/a.ts', text: "import { openDatabase } from '../platform/db/database.ts'" },
  edges: { path: 'src/domains/identity/a.ts', text: "import { x } from '../billing/index.ts'" },
  environment: { path: 'src/platform/db/a.ts', text: 'export const url = process.env.DATABASE_URL' },
  network: { path: 'src/domains/identity/a.ts', text: "export const a = () => fetch('https://example.org')" },
  tracing: { path: 'src/domains/identity/a.ts', text: "import { trace } from '@opentelemetry/api'" },
  decryption: { path: 'src/domains/identity/a.ts', text: "import { createDecipheriv } from 'node:crypto'" },
  tables: { path: 'src/domains/identity/a.sql.ts', text: 'const a = `select * from runs where org_id = :org`' },
}

describe('a planted violation', () => {
  for (const [rule, source] of Object.entries(planted)) {
    it(`of the rule "${rule}" is caught`, () => {
      expect(checkSources([source]).map((violation) => violation.rule)).toContain(rule)
    })
  }

  it('of the front door is caught', () => {
    const source = { path: 'src/pipelines/code/a.ts', text: "import { x } from '../engine/worker.ts'" }
    expect(checkSources([source])).toEqual([
      { rule: 'edges', path: source.path, what: 'src/pipelines/engine/worker.ts is not a front door' },
    ])
  })

  it('of the dynamic import rule is caught', () => {
    const source = { path: 'src/surfaces/cli/a.ts', text: "const a = await import('../../platform/db/database.ts')" }
    expect(checkSources([source]).map((violation) => violation.rule)).toEqual(['layers'])
  })

  it('of the rule against cycles is caught, type imports included', () => {
    const a = { path: 'src/kernel/a.ts', text: "import type { B } from './b.ts'" }
    const b = { path: 'src/kernel/b.ts', text: "import type { A } from './a.ts'" }
    expect(checkSources([a, b]).map((violation) => violation.rule)).toEqual(['cycles'])
  })
})
