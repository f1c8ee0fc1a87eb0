/**
 * Writes the reference pages that come from the contract, from the environment's schema and from the tree of commands. A
 * test compares them with what this makes: `node scripts/generate-docs.ts` after a change of one of these.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES, ERRORS } from '../src/contract/errors.ts'
import { environmentPage } from './docs/environment-page.ts'
import { withIncludedFiles } from './docs/included-files.ts'
import { code, page, table } from './docs/markdown.ts'
import { mcpToolsPage } from './docs/mcp-tools-page.ts'
import { operationsPage } from './docs/operations-page.ts'
import { surfacesPage } from './docs/surfaces-page.ts'
import { cliPages } from './generate-cli-docs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The guides, with the text of the files that they include. Path from the repository's root → text. */
export function guides(): ReadonlyMap<string, string> {
  const paths = globSync('docs/guide/**/*.md', { cwd: root })
  return new Map(paths.map((path) => [path, withIncludedFiles(read(path), read)]))
}

/** Path from the repository's root → text. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/errors/README.md', errorsPage()],
    ['docs/reference/operations.md', operationsPage()],
    ['docs/reference/surfaces.md', surfacesPage()],
    ['docs/reference/mcp-tools.md', mcpToolsPage()],
    ['docs/reference/environment.md', environmentPage()],
    ...cliPages(),
  ])
}

function errorsPage(): string {
  const rows = ERROR_CODES.map((each) => {
    const { httpStatus, exitCode, retryable, message, recovery } = ERRORS[each]
    return [code(each), httpStatus ?? '–', exitCode, retryable ? 'yes' : 'no', message, recovery]
  })
  return page([
    '# Errors',
    'Every failure has one of these codes on every surface. REST answers `{error: {code, message, details?, requestId}}` with the HTTP status; an MCP tool answers the same envelope with `isError`; the CLI prints message and next step on stderr (with `--json` the envelope on stdout) and ends with the exit code. A code without an HTTP status is only met by local commands. "Retry" says whether the very same call may succeed later.',
    table(['Code', 'HTTP', 'Exit', 'Retry', 'Message', 'What to do'], rows),
  ])
}

if (import.meta.main) {
  for (const [path, text] of [...referencePages(), ...guides()]) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}
