import type { DataOf } from '../../contract/operation.ts'
import { isEnded, type cancelRuns, type Chunk, type Run, type RunLog } from '../../contract/runs.ts'
import { count } from './sections.ts'
import { listOf } from './table.ts'
import { ago, fields, moment, plain, size, styleOf, when, wrap, type Look, type Renderers } from './text.ts'

export const RUN_RENDERERS: Renderers = {
  'runs.list': renderRuns,
  'runs.get': describeRun,
  'runs.logs': (lines: RunLog[], look) =>
    lines.length === 0 ? 'No lines.\n' : lines.map((line) => logLine(line, look)).join(''),
  'runs.chunks': renderChunks,
  'runs.start': (run: Run) => `Started ${run.pipeline} as ${run.id}.\n${howToFollow(run)}`,
  'runs.pause': ({ id }: Run) => `Paused ${id}: nothing more of it is begun.\nGo on with it: tenon runs resume ${id}\n`,
  'runs.resume': (run: Run) => `Resumed ${run.id}.\n${howToFollow(run)}`,
  'runs.cancel': ({ id }: Run) => `Cancelled ${id}.\n`,
  'runs.cancelMany': ({ cancelled, runs }: DataOf<typeof cancelRuns>) =>
    cancelled === 0
      ? 'No run that has not ended fits: nothing was cancelled.\n'
      : `Cancelled ${count(cancelled, 'run')}.\n${runs.map((id) => `${id}\n`).join('')}`,
  'runs.retry': (run: Run) => `${run.id} is tried again.\n${howToFollow(run)}`,
}

const LEVEL_COLORS = { info: 'dim', warn: 'yellow', error: 'red' } as const

/** Its message stands in a column of its own, which goes on below. */
export function logLine({ at, level, message }: RunLog, { colors, width }: Look): string {
  const style = styleOf(colors)
  const head = `${moment(at)} ${level.padEnd(5)} `
  const [first = '', ...rest] = wrap(plain(message), Math.max(20, width - head.length))
  const text = [first, ...rest.map((line) => ' '.repeat(head.length) + line)].join('\n')
  return `${style('dim', moment(at))} ${style(LEVEL_COLORS[level], level.padEnd(5))} ${text}\n`
}

/** Why nothing of a run is under way; empty when it works or has ended. */
export function waitingNote({ waiting }: Run): string {
  if (waiting === null) return ''
  const what = waitedFor(waiting)
  return what === null ? 'paused' : `waits for ${what}`
}

/** Null for a run that is paused: only a person ends that. */
function waitedFor({ reason, until }: NonNullable<Run['waiting']>): string | null {
  switch (reason) {
    case 'paused':
      return null
    case 'concurrency':
      return "the organisation's other work (limit of its plan)"
    case 'retry':
      return until === null ? 'the next try' : `the next try at ${until.slice(11, 19)}Z`
    case 'no_worker':
      return 'a worker (none runs)'
    case 'turn':
      return 'a free worker'
  }
}

function howToFollow({ id }: Run): string {
  return `Follow it: tenon runs watch ${id}\n`
}

/** What a narrow terminal cuts off comes last; that a run is paused is seen in any case. */
function renderRuns(runs: Run[], look: Look): string {
  return listOf(
    runs,
    look,
    'No runs. Adding a repository starts one: tenon repos add owner/name',
    ['ID', 'STATUS', 'CHUNKS', 'STARTED', 'PIPELINE', 'NOTE'],
    (run) => [
      run.id,
      isPaused(run) ? 'paused' : run.status,
      `${run.progress.chunksDone}/${run.progress.chunksTotal ?? '?'}`,
      ago(run.startedAt),
      run.pipeline,
      run.error?.message ?? (isPaused(run) ? '' : waitingNote(run)),
    ],
  )
}

function isPaused({ pausedAt, status }: Run): boolean {
  return pausedAt !== null && !isEnded(status)
}

function describeRun(run: Run, { width }: Look): string {
  const { chunksDone, chunksTotal, chunksFailed } = run.progress
  const summary = Object.entries(run.summary ?? {}).map(([name, value]) => resultText(name, value))
  const facts = fields(
    {
      run: run.id,
      pipeline: run.pipeline,
      subject: run.subject,
      status: isPaused(run) ? `paused (${run.status})` : run.status,
      priority: run.priority === 'normal' ? null : run.priority,
      schedule: run.schedule,
      credits: run.credits ? creditText(run.credits) : null,
      chunks: `${chunksDone} of ${chunksTotal ?? '?'}${chunksFailed > 0 ? `, ${chunksFailed} failed` : ''}`,
      started: when(run.startedAt),
      paused: when(run.pausedAt),
      ended: when(run.endedAt),
      archived: when(run.archivedAt),
      result: summary.join(', ') || null,
      error: run.error === null ? null : `${run.error.message} (${run.error.code})`,
      'waits for': run.waiting === null ? null : waitedFor(run.waiting),
    },
    width,
  )
  if (isPaused(run)) return `${facts}Go on with it: tenon runs resume ${run.id}\n`
  return chunksFailed === 0 ? facts : `${facts}See what failed: tenon runs chunks ${run.id} --state failed\n`
}

/** An older server says nothing of credits. */
function creditText({ reserved, captured }: NonNullable<Run['credits']>): string {
  const charged = `${captured.toLocaleString('en')} charged`
  return reserved === 0 ? charged : `${charged}, ${reserved.toLocaleString('en')} reserved`
}

/** `bytesRead: 1500` as `bytes read 1.5 kB`. */
function resultText(name: string, value: unknown): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  if (typeof value === 'number' && words.startsWith('bytes')) return `${words} ${size(value)}`
  return `${words} ${typeof value === 'string' ? value : JSON.stringify(value)}`
}

function renderChunks(chunks: Chunk[], look: Look): string {
  const empty = 'No parts. An hour after the end of a run only those that failed are kept.'
  return listOf(chunks, look, empty, ['STEP', 'N', 'STATE', 'TRIES', 'LOST', 'ERROR'], (chunk) => [
    chunk.step,
    String(chunk.n),
    chunk.state,
    String(chunk.tries),
    String(chunk.lost),
    chunk.error === null ? '' : `${chunk.error.code}: ${chunk.error.message}`,
  ])
}
