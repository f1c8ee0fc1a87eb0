import { describe, expect, it } from 'vitest'
import { TenonError } from '../../kernel/tenon-error.ts'
import { parseSource } from './source.ts'

const rules = { gitBaseUrl: 'https://github.com/', localRepos: [] }
function refusalOf(text: string): string {
  try {
    parseSource(text, rules)
    return 'taken'
  } catch (error) {
    if (!(error instanceof TenonError)) throw error
    return error.code
  }
}

describe('an address', () => {
  it('has one form in which its spellings are equal', () => {
    for (const text of [
      'honojs/hono',
      'https://github.com/honojs/hono',
      'https://github.com/honojs/hono.git',
      'HTTPS://GitHub.com:443/honojs/hono/',
      'https://github.com./honojs/hono',
    ])
      expect(parseSource(text, rules)).toEqual({
        kind: 'remote',
        url: 'https://github.com/honojs/hono',
        host: 'github.com',
        port: 443,
        defaultName: 'honojs/hono',
      })
  })

  it('names its host as it will be resolved: in ASCII, without a dot at its end, numbers as addresses', () => {
    const hostOf = (text: string) => {
      const source = parseSource(`https://${text}/a/b`, rules)
      return source.kind === 'remote' && [source.host, source.port, new URL(source.url).hostname]
    }
    expect(hostOf('bücher.example:8443')).toEqual(['xn--bcher-kva.example', 8443, 'xn--bcher-kva.example'])
    expect(hostOf('ＬＯＣＡＬＨＯＳＴ')).toEqual(['localhost', 443, 'localhost'])
    expect(hostOf('localhost.')).toEqual(['localhost', 443, 'localhost'])
    expect(hostOf('127.0.0.1.')).toEqual(['127.0.0.1', 443, '127.0.0.1'])
    expect(hostOf('0x7f000001')).toEqual(['127.0.0.1', 443, '127.0.0.1'])
    expect(hostOf('①②⑦.0.0.1')).toEqual(['127.0.0.1', 443, '127.0.0.1'])
    expect(hostOf('[::FFFF:127.0.0.1]:8443')).toEqual(['[::ffff:7f00:1]', 8443, '[::ffff:7f00:1]'])
  })

  it.each([
    ['', 'source_invalid'],
    ['-u', 'source_invalid'],
    ['--upload-pack=touch /tmp/x', 'source_invalid'],
    ['https://example.org/a b', 'source_invalid'],
    ['https://example.org/a\nb', 'source_invalid'],
    ['https://example.org/a\0b', 'source_invalid'],
    ['https://user:secret@example.org/a', 'source_invalid'],
    ['https://example.org/a?b', 'source_invalid'],
    ['https://example.org/a#b', 'source_invalid'],
    ['https://example.org/a/../../b', 'source_invalid'],
    ['https://example.org/%2e%2e/b', 'source_invalid'],
    ['https://example.org', 'source_invalid'],
    ['https://', 'source_invalid'],
    ['https://./a', 'source_invalid'],
    ['https://example.org../a', 'source_invalid'],
    ['../a', 'source_invalid'],
    ['a', 'source_invalid'],
    [`https://example.org/${'a'.repeat(2048)}`, 'source_invalid'],
    ['ext::sh', 'source_forbidden'],
    ['https::https://example.org/a', 'source_forbidden'],
    ['http://example.org/a', 'source_forbidden'],
    ['ssh://example.org/a', 'source_forbidden'],
    ['git@example.org:a/b', 'source_forbidden'],
    ['file:///etc', 'source_forbidden'],
    ['/etc', 'source_forbidden'],
    ['/no/such/folder', 'source_forbidden'],
  ])('%j is no source: %s', (text, code) => expect(refusalOf(text)).toBe(code))
})
