import { basename, extname } from 'node:path'
import type { Language } from '../../contract/languages.ts'

/** Language by file name; the name in lower case, as linguist spells it. */
const BY_EXTENSION: Readonly<Record<string, Language>> = {
  '.bash': 'shell',
  '.c': 'c',
  '.cc': 'c++',
  '.cjs': 'javascript',
  '.clj': 'clojure',
  '.cpp': 'c++',
  '.cs': 'c#',
  '.css': 'css',
  '.cts': 'typescript',
  '.cxx': 'c++',
  '.dart': 'dart',
  '.ex': 'elixir',
  '.exs': 'elixir',
  '.go': 'go',
  '.graphql': 'graphql',
  '.h': 'c',
  '.hpp': 'c++',
  '.hs': 'haskell',
  '.htm': 'html',
  '.html': 'html',
  '.java': 'java',
  '.js': 'javascript',
  '.json': 'json',
  '.jsx': 'javascript',
  '.kt': 'kotlin',
  '.kts': 'kotlin',
  '.less': 'less',
  '.lua': 'lua',
  '.m': 'objective-c',
  '.md': 'markdown',
  '.mdx': 'markdown',
  '.mjs': 'javascript',
  '.ml': 'ocaml',
  '.mts': 'typescript',
  '.php': 'php',
  '.pl': 'perl',
  '.proto': 'protobuf',
  '.py': 'python',
  '.pyi': 'python',
  '.r': 'r',
  '.rb': 'ruby',
  '.rs': 'rust',
  '.sass': 'sass',
  '.scala': 'scala',
  '.scss': 'scss',
  '.sh': 'shell',
  '.sql': 'sql',
  '.svelte': 'svelte',
  '.swift': 'swift',
  '.tf': 'terraform',
  '.toml': 'toml',
  '.ts': 'typescript',
  '.tsx': 'typescript',
  '.vue': 'vue',
  '.xml': 'xml',
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.zig': 'zig',
  '.zsh': 'shell',
}
const BY_NAME: Readonly<Record<string, Language>> = {
  Dockerfile: 'dockerfile',
  Makefile: 'makefile',
  Rakefile: 'ruby',
  Gemfile: 'ruby',
}

/** null when the name doesn't tell. */
export function languageOf(path: string): Language | null {
  return BY_NAME[basename(path)] ?? BY_EXTENSION[extname(path).toLowerCase()] ?? null
}

/** Data, markup and configuration: nothing is imported from them as code is. */
const NOT_CODE: ReadonlySet<string> = new Set<Language>([
  'css',
  'dockerfile',
  'graphql',
  'html',
  'json',
  'less',
  'makefile',
  'markdown',
  'protobuf',
  'sass',
  'scss',
  'shell',
  'sql',
  'terraform',
  'toml',
  'xml',
  'yaml',
])

/** Whether files of this language depend on each other. */
export function isCode(language: string | null): boolean {
  return language !== null && !NOT_CODE.has(language)
}
