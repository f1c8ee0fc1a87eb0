import type { Command } from 'commander'
import { searchDependencies } from '../../contract/graph.ts'
import type { CallInputOf } from '../../contract/operation.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { inputSchemaOf, optionOf } from './field-option.ts'
import { OF_FOLDER, repositoryHere } from './folder.ts'
import { writeText } from './local-file.ts'
import { CliError } from './settings.ts'
import { plain, size } from './text.ts'

const FIELDS = ['repository', 'symbol', 'project', 'direction', 'depth', 'includeTests', 'typeOnly', 'limit'] as const

type Options = Partial<Omit<CallInputOf<typeof searchDependencies>, 'org' | 'path' | 'format'>> & {
  readonly out?: string
}

/** `tenon graph`: what `tenon deps` lists, as a drawing. */
export function addGraph(program: Command, context: Context): void {
  const { properties } = inputSchemaOf(searchDependencies)
  const command = commandAt(program, 'graph')
    .summary('Draw what depends on a file')
    .description(
      'Draw what depends on a file or a symbol, or what it imports, as SVG or as a graph in DOT. The nearest files are drawn; `tenon deps` lists them all.',
    )
    .argument('[path]', properties['path']?.description)
  for (const name of FIELDS) {
    const option = optionOf(name, properties[name] ?? {}, false)
    if (name === 'repository') option.description += OF_FOLDER
    command.addOption(option)
  }
  command.option('--out <file>', 'file to write, .svg or .dot; the standard output, as SVG, when left out or `-`')
  addExamples(command, [
    'tenon graph src/kernel/ctx.ts --out ctx.svg',
    'tenon graph --symbol createCaller --repository tenon --depth 2 --out caller.dot',
  ])
  command.action(async (path: string | undefined, { out = '-', ...options }: Options) => {
    if (path === undefined && options.symbol === undefined)
      command.error("error: missing argument 'path' or option '--symbol'")
    await draw({ path, out, options }, context)
  })
}

async function draw(
  { path, out, options }: { path: string | undefined; out: string; options: Omit<Options, 'out'> },
  context: Context,
): Promise<void> {
  const { settings } = context
  const format = formatOf(out)
  const client = context.client()
  const repository = options.repository ?? (await repositoryHere(client, context))
  const { text, mediaType } = await client.draw(searchDependencies, { ...options, repository, path, format })
  if (out === '-') {
    return settings.out(context.json() ? `${JSON.stringify({ data: { mediaType, text } })}\n` : text)
  }
  await writeText(out, text, settings)
  const sizeBytes = new TextEncoder().encode(text).length
  if (context.json()) settings.out(`${JSON.stringify({ data: { path: out, mediaType, sizeBytes } })}\n`)
  else settings.out(`${context.quiet() ? plain(out) : `Wrote ${plain(out)} (${size(sizeBytes)}).`}\n`)
}

function formatOf(out: string): 'svg' | 'dot' {
  if (out === '-') return 'svg'
  const ending = /\.(svg|dot)$/i.exec(out)?.[1]?.toLowerCase()
  if (ending === 'svg' || ending === 'dot') return ending
  throw new CliError('usage', { issues: [{ path: '--out', message: 'A name that ends in .svg or .dot' }] })
}
