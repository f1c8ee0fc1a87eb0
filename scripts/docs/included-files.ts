/** Code in a guide that is the text of a file, so that it is checked and run with it. */
const INCLUDED = /<!-- include: (\S+) -->\n```(\w+)\n[\s\S]*?```/g

/** The guide with the text of every file that it includes. */
export function withIncludedFiles(guide: string, read: (path: string) => string): string {
  return guide.replaceAll(INCLUDED, (_, path: string, language: string) =>
    [`<!-- include: ${path} -->`, `\`\`\`${language}`, read(path).trimEnd(), '```'].join('\n'),
  )
}
