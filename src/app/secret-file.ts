import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'

const MAX_BYTES = 65_536

/**
 * The bytes of a file that others can not read. Looked at and read through one descriptor, so that both are of the same
 * file. Line ends at the end do not count.
 */
export function readSecretFile(path: string, invalid: (message: string, cause?: unknown) => Error): Buffer {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    throw invalid('It can not be read', cause)
  }
  try {
    const { mode, size } = fstatSync(file)
    if ((mode & 0o170000) !== 0o100000 || size > MAX_BYTES) throw invalid('It has to be a small regular file')
    if ((mode & 0o007) !== 0) throw invalid('Others can read it: take their rights away with chmod o-rwx')
    const bytes = readFileSync(file)
    let end = bytes.length
    while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--
    return bytes.subarray(0, end)
  } finally {
    closeSync(file)
  }
}
