import { TenonError } from '../../kernel/tenon-error.ts'

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The error of a file system, as `disk_full` when it says so. */
export function orDiskFull(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && NO_SPACE.has(code) ? new TenonError('disk_full', { cause: error }) : error
}
