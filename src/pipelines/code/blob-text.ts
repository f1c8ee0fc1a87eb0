import { isUtf8 } from 'node:buffer'

/** The text of a blob as it is indexed. */
export interface BlobText {
  /** In UTF-8. */
  readonly bytes: Uint8Array
  /** It was not UTF-8. */
  readonly transcoded: boolean
}

/** What a Git LFS pointer begins with; the file itself is elsewhere. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1\n'
const LFS_MAX_BYTES = 1024

const fallback = new TextDecoder('windows-1252')

/**
 * null when it can't be searched as text. What is not UTF-8 is read as Windows-1252, as browsers and editors do, so that
 * old sources are found at least by their ASCII parts; it is kept in UTF-8.
 */
export function decodeBlob(content: Uint8Array): BlobText | null {
  if (content.includes(0)) return null
  if (isUtf8(content)) return { bytes: content, transcoded: false }
  return { bytes: Buffer.from(fallback.decode(content), 'utf8'), transcoded: true }
}

export function isLfsPointer(content: Uint8Array): boolean {
  if (content.length > LFS_MAX_BYTES) return false
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('latin1').startsWith(LFS_POINTER)
}
