/** Folders that hold one package or domain each. */
const HOLDERS = new Set(['apps', 'crates', 'lib', 'libs', 'modules', 'packages', 'plugins', 'services', 'src'])

/** Parts of a repository that files stand in, beside those of a change, by name. */
export function areasOf(paths: readonly string[], changed: readonly string[]): string[] {
  const own = new Set(changed.map(areaOf))
  return [...new Set(paths.map(areaOf))].filter((area) => !own.has(area)).toSorted()
}

/** `packages/core` of `packages/core/src/a.ts`; the first folder of others. */
function areaOf(path: string): string {
  const folders = path.split('/').slice(0, -1)
  return folders.slice(0, HOLDERS.has(folders[0] ?? '') ? 2 : 1).join('/')
}
