import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpTool } from '../../src/surfaces/mcp/index.ts'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import { EVERYBODY, listenWithTools } from '../support/http-node.ts'
import { runScript } from '../support/run-program.ts'

/**
 * The scenarios of the official suite that are about what Tenon has: tools. The others want prompts, resources,
 * completion, logging, sampling, elicitation, sessions or streams that are taken up again, which it does not offer.
 */
const SCENARIOS = [
  'server-initialize',
  'ping',
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-error',
  'tools-call-with-progress',
  'json-schema-2020-12',
  'dns-rebinding-protection',
]

const require = createRequire(import.meta.url)
const SUITE = require.resolve('@modelcontextprotocol/conformance/dist/index.js')

let listening: Listening
beforeAll(async () => {
  // The suite can not send a key.
  listening = await listenWithTools(EVERYBODY, FIXTURES)
})
afterAll(() => listening.close(0))

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

describe('the official conformance suite', { timeout: 90_000 }, () => {
  for (const scenario of SCENARIOS) {
    it(`passes ${scenario}`, async () => {
      const asked = ['--url', `${listening.url}/mcp`, '--scenario', scenario, '--verbose']
      const { code, out, err } = await runScript(SUITE, ['server', ...asked])
      const checks = checksIn(out + err)
      expect(checks.filter(({ status }) => !['SUCCESS', 'INFO'].includes(status))).toEqual([])
      expect(checks.filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(0)
      expect(code).toBe(0)
    })
  }
})

/** The list of checks that the suite prints between what it says. */
function checksIn(text: string): Check[] {
  const list = /^\[\n[\s\S]*?^\]$/m.exec(text)
  if (list === null) throw new Error(`the suite has printed no checks:\n${text.slice(-2_000)}`)
  return JSON.parse(list[0]) as Check[]
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
/** A WAV file without a sample. */
const SILENCE = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA='

const text = (said: string) => ({ type: 'text', text: said }) as const
const image = { type: 'image', data: PIXEL, mimeType: 'image/png' } as const
const resource = (uri: string, mimeType: string, content: string) =>
  ({ type: 'resource', resource: { uri, mimeType, text: content } }) as const

/** The tools that the suite asks for by name. */
const FIXTURES: readonly McpTool[] = [
  fixture('test_simple_text', async () => ({ content: [text('This is a simple text response for testing.')] })),
  fixture('test_image_content', async () => ({ content: [image] })),
  fixture('test_audio_content', async () => ({
    content: [{ type: 'audio', data: SILENCE, mimeType: 'audio/wav' }],
  })),
  fixture('test_embedded_resource', async () => ({
    content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  })),
  fixture('test_multiple_content_types', async () => ({
    content: [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  })),
  fixture('test_error_handling', async () => ({
    content: [text('This tool intentionally returns an error for testing')],
    isError: true,
  })),
  fixture('test_tool_with_progress', async (_, { progress }) => {
    for (const done of [0, 50, 100]) {
      progress?.({ done, total: 100, message: `${done} of 100` })
      await sleep(50)
    }
    return { content: [text('Done.')] }
  }),
  fixture('json_schema_2020_12_tool', async () => ({ content: [] }), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: {
      address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } },
    },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
    additionalProperties: false,
  }),
]

function fixture(
  name: string,
  call: McpTool['call'],
  inputSchema: McpTool['tool']['inputSchema'] = { type: 'object' },
): McpTool {
  return { tool: { name, description: 'For the suite.', inputSchema }, scope: null, progresses: true, call }
}
