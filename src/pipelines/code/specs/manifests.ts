import { basename } from 'node:path'
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser'
import { parse } from 'smol-toml'
import type { Declared, Manifest } from './spec-index.ts'

const NPM_FIELDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const

export function isManifest(path: string): boolean {
  return /^(?:package\.json|pyproject\.toml|requirements[^/]*\.txt)$/.test(basename(path))
}

/** What a manifest declares; one that can't be read declares nothing. */
export function manifestOf(path: string, text: string): Manifest {
  if (path.endsWith('.json')) return npmManifest(path, text)
  return path.endsWith('.toml') ? pyproject(path, text) : requirements(path, text)
}

function npmManifest(path: string, text: string): Manifest {
  const root = parseTree(text, [], { allowTrailingComma: true })
  const name = root === undefined ? undefined : findNodeAtLocation(root, ['name'])
  const dependencies = NPM_FIELDS.flatMap((field) => {
    const node = root === undefined ? undefined : findNodeAtLocation(root, [field])
    return (node?.children ?? []).flatMap((property) => declaredBy(property, text, field === 'peerDependencies'))
  })
  return { path, ecosystem: 'npm', name: stringOf(name), dependencies }
}

function declaredBy({ children: [key, value] = [], offset }: Node, text: string, peer: boolean): Declared[] {
  const name = stringOf(key)
  const range = stringOf(value)
  return name === null || range === null ? [] : [{ name, range, line: lineAt(text, offset), peer }]
}

function stringOf(node: Node | undefined): string | null {
  return typeof node?.value === 'string' ? node.value : null
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

function pyproject(path: string, text: string): Manifest {
  const found = tomlOf(text)
  const project = tableOf(found, 'project')
  const poetry = tableOf(tableOf(found, 'tool'), 'poetry')
  const lists = [project['dependencies'], ...Object.values(tableOf(project, 'optional-dependencies'))]
  const listed = lists.flatMap((list) =>
    Array.isArray(list) ? list.flatMap((entry) => requirementOf(entry) ?? []) : [],
  )
  const named = Object.entries(tableOf(poetry, 'dependencies')).flatMap(([name, range]) =>
    name === 'python' || typeof range !== 'string' ? [] : [{ name, range }],
  )
  const name = project['name'] ?? poetry['name']
  return {
    path,
    ecosystem: 'python',
    name: typeof name === 'string' ? name : null,
    dependencies: [...listed, ...named].map((one) => ({ ...one, line: lineOf(text, one.name), peer: false })),
  }
}

function requirements(path: string, text: string): Manifest {
  const dependencies = text.split('\n').flatMap((line, i) => {
    const found = requirementOf(line.replace(/\s*#.*$/, ''))
    return found === null ? [] : [{ ...found, line: i + 1, peer: false }]
  })
  return { path, ecosystem: 'python', name: null, dependencies }
}

/** `name[extra] >=1; marker`, after PEP 508. */
function requirementOf(entry: unknown): { name: string; range: string } | null {
  if (typeof entry !== 'string' || entry.length > 500) return null
  const found = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*([^;]*)/.exec(entry)
  return found === null ? null : { name: found[1] ?? '', range: (found[2] ?? '').trim() }
}

function lineOf(text: string, name: string): number | null {
  const at = text.indexOf(name)
  return at < 0 ? null : lineAt(text, at)
}

function tomlOf(text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch {
    // A manifest that can't be read declares nothing.
    return {}
  }
}

function tableOf(of: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = of[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
