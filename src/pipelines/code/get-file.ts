import { getFile } from '../../contract/search.ts'
import type { Language } from '../../contract/languages.ts'
import { BYTES_PER_TOKEN, sizeOf } from '../../kernel/fit-page.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectFile } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { languageOf } from './language.ts'
import { readSnapshot } from './read-snapshot.ts'
import type { Rebuild } from './rebuild.ts'

/** Of the text of one answer, in UTF-16 units; a longer line is cut. */
const MAX_UNITS = 400_000

export function getFileVerb({ reader }: CodeDeps, rebuild: Rebuild): BoundVerb {
  return implement(getFile, async (ctx, { repository: key, path, from, lines: wanted, maxTokens }) => {
    const org = ctx.orgId()
    const { file, repository } = await readSnapshot(ctx.sql, { org, key }, { reader, rebuild }, async (read) => ({
      file: await reader.file(org, read, path, ctx.signal),
      repository: read,
    }))
    if (file === null) throw new TenonError('not_found')
    const [row] = await ctx.sql.run(selectFile, { org, repository: repository.id, path })
    const { text, to, totalLines } = cut(file.text, {
      from,
      wanted,
      maxTokens,
    })
    return {
      repository: repository.name,
      commit: repository.commit,
      path,
      language: languageOf(path) satisfies Language | null,
      // Another commit, without the file, may have been published since.
      sizeBytes: row?.sizeBytes ?? Buffer.byteLength(file.text),
      totalLines,
      from,
      to,
      truncated: to < totalLines,
      encoding: file.transcoded ? ('windows-1252' as const) : ('utf-8' as const),
      maskedSecrets: file.masked,
      text,
    }
  })
}

/** Whole lines, with their ends. */
function cut(
  text: string,
  { from, wanted, maxTokens }: { from: number; wanted: number; maxTokens: number | undefined },
): { text: string; to: number; totalLines: number } {
  let ended = 0
  let start = from === 1 ? 0 : text.length
  let end = text.length
  for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) {
    ended++
    if (ended === from - 1) start = feed + 1
    if (ended === from - 1 + wanted) end = feed + 1
  }
  const totalLines = text.length > 0 && !text.endsWith('\n') ? ended + 1 : ended
  if (start >= text.length) return { text: '', to: from - 1, totalLines }
  const shown = text.slice(start, Math.max(start, end))
  const short = shown.length <= MAX_UNITS ? shown : wholeLines(shown, MAX_UNITS)
  const within = maxTokens === undefined ? short : fitting(short, maxTokens * BYTES_PER_TOKEN)
  const lines = within.split('\n').length - (within.endsWith('\n') ? 1 : 0)
  return { text: within, to: from - 1 + lines, totalLines }
}

/** As much as has so many bytes as JSON, in which quotes, line ends and control characters take more than their own. */
function fitting(text: string, maxBytes: number): string {
  let within = text
  // Each turn leaves less than the one before.
  for (let bytes = sizeOf(within) - 2; bytes > maxBytes; bytes = sizeOf(within) - 2)
    within = wholeLines(within, Math.floor(within.length * (maxBytes / bytes)))
  return within
}

/** Never more than `maxUnits`, the end of the last line counted. */
function wholeLines(text: string, maxUnits: number): string {
  const end = text.lastIndexOf('\n', maxUnits - 1)
  return end < 0 ? text.slice(0, maxUnits).toWellFormed() : text.slice(0, end + 1)
}
