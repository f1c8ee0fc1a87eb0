import type { Affected } from '../../../../contract/impact.ts'
import type { ImportUses } from './uses-of-imports.ts'

export interface FileKey {
  readonly repository: string
  readonly path: string
}

/** An import of one file by another, as it is stored. */
export interface UseEdge {
  /** That of the importing file. */
  readonly repository: string
  readonly src: string
  readonly dstRepository: string
  readonly dst: string
  readonly kind: Affected['kind']
  readonly typeOnly: boolean
  readonly line: number
  readonly specifier: string
  /** None at all is taken for all of both files. */
  readonly uses: ImportUses
  /** Whether the importing file is a test. */
  readonly test: boolean
}

/** One text for each file, to look it up by. */
export function fileKey({ repository, path }: FileKey): string {
  return `${repository}\0${path}`
}
