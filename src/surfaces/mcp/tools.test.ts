import { describe, expect, it } from 'vitest'
import { isErrorCode } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { TIMEOUTS } from '../../contract/timeouts.ts'
import { TOOLS } from './tools.ts'

describe('the tools', () => {
  it('offer no drawing, and refuse one that is asked for all the same', () => {
    const drawn = OPERATIONS.filter(({ drawings }) => Object.keys(drawings).length > 0)
    expect(drawn.length).toBeGreaterThan(0)
    for (const { tool, operation, split } of TOOLS.values()) {
      if (!drawn.includes(operation)) continue
      expect(Object.keys(tool.inputSchema.properties ?? {})).not.toContain('format')
      const { query, body } = split({ format: 'svg' })
      expect(query).not.toHaveProperty('format')
      expect(operation.body.safeParse(body).success).toBe(false)
    }
  })

  it('have the defaults of an agent where it gives nothing', () => {
    const tool = TOOLS.get('search_dependencies')
    expect(tool?.split({ limit: 5 }).query).toMatchObject({ limit: 5, maxTokens: 8000 })
    expect(tool?.tool.inputSchema.properties?.['limit']).toMatchObject({ default: 200 })
  })

  it('are few, with names that every host takes', () => {
    expect(TOOLS.size).toBeGreaterThan(15)
    expect(TOOLS.size).toBeLessThanOrEqual(40)
    for (const name of TOOLS.keys()) expect(name).toMatch(/^[a-z]+(?:_[a-z]+)*$/)
    expect([...TOOLS.keys()].filter((name) => name.length > 40)).toEqual([])
  })

  it('say what each field is for', () => {
    for (const [name, { tool }] of TOOLS) {
      const properties = Object.entries(tool.inputSchema.properties ?? {}) as [string, { description?: string }][]
      const unsaid = properties.filter(([, { description }]) => !description).map(([field]) => field)
      expect([name, unsaid]).toEqual([name, []])
    }
  })

  it('give little of a list by default', () => {
    const lists = [...TOOLS.values()].filter(({ operation }) => operation.paginated)
    expect(lists.length).toBeGreaterThan(5)
    for (const { tool } of lists)
      expect([tool.name, tool.inputSchema.properties]).toMatchObject([
        tool.name,
        { limit: { default: 25 }, maxTokens: { default: 8000 } },
      ])
  })

  it('name only tools that there are, and tell which of them reach beyond Tenon', () => {
    const names = new Set(TOOLS.keys())
    for (const { tool } of TOOLS.values()) {
      const named = tool.description?.match(
        /\b(?:get|list|search|index|run|cancel|analyze|validate|add|remove|create|update|delete)_[a-z_]+/g,
      )
      expect((named ?? []).filter((name) => !names.has(name) && !isErrorCode(name))).toEqual([])
    }
    const open = [...TOOLS.values()].filter(({ tool }) => tool.annotations?.openWorldHint === true)
    expect(open.map(({ tool }) => tool.name).toSorted()).toEqual([
      'analyze_change_impact',
      'index_repository',
      'run_pipeline',
    ])
    const destructive = [...TOOLS.values()].filter(({ tool }) => tool.annotations?.destructiveHint === true)
    expect(destructive.map(({ tool }) => tool.name).toSorted()).toEqual(['cancel_run', 'delete_project'])
  })

  it('answer within the minute after which hosts give up', () => {
    for (const { tool, operation } of TOOLS.values())
      expect([tool.name, (operation.timeoutMs ?? TIMEOUTS.call) <= 60_000]).toEqual([tool.name, true])
  })

  it('pass fields of every object on like any other, to be refused', () => {
    const args = JSON.parse('{"__proto__":{"q":"x"},"constructor":1,"org":"acme"}') as Record<string, unknown>
    const { params, query } = TOOLS.get('search_code')?.split(args) ?? {}
    expect(params).toEqual({ org: 'acme' })
    expect(Object.keys(query ?? {})).toEqual(expect.arrayContaining(['__proto__', 'constructor']))
    expect(query?.['q']).toBeUndefined()
  })

  it('take the organisation of the key', () => {
    for (const { tool, operation } of TOOLS.values()) {
      expect(Object.keys(operation.params.shape)).toContain('org')
      expect(tool.inputSchema.required).not.toContain('org')
    }
  })
})
