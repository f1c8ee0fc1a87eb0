import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../contract/index.ts'
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
})
