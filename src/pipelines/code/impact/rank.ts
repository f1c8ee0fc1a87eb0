import { fileKey, type FileKey } from '../graph/reach/use-edge.ts'

/** Nearest first, then those that more files import, then by path. */
export function rankDependents<T extends FileKey & { readonly distance: number }>(
  dependents: readonly T[],
  /** Importing files by `fileKey`. */
  fanIn: ReadonlyMap<string, number>,
): readonly T[] {
  const ranked = dependents.map((file) => ({ file, key: fileKey(file), users: fanIn.get(fileKey(file)) ?? 0 }))
  ranked.sort((a, b) => a.file.distance - b.file.distance || b.users - a.users || (a.key < b.key ? -1 : 1))
  return ranked.map(({ file }) => file)
}
