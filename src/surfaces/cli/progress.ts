import { isEnded, type Run } from '../../contract/runs.ts'
import { waitingNote } from './render-runs.ts'
import { liveWidthOf, type CliSettings } from './settings.ts'
import { columnsOf, cut } from './text-width.ts'
import { span } from './text.ts'

/** To the begin of the line, and the rest of it removed. */
const REWRITE = '\r\u001b[K'
const MOST_BAR = 24
const LEAST_BAR = 8
/** Where lines can not be rewritten, so long passes between two. */
const LINE_EVERY_MS = 5_000
/** The rate is that of the last while: a run is faster with what is known already. */
const WINDOW_MS = 30_000
/** Before that, a rate would jump. */
const LEAST_WINDOW_MS = 2_000

export interface Progress {
  readonly set: (run: Run) => void
  /** A line of its own, above the progress. */
  readonly say: (text: string) => void
  readonly end: () => void
}
/** How fast it goes, where that can be told. */
export interface Pace {
  readonly perSecond: number
  readonly secondsLeft: number | null
}

/** The progress of a run on the standard error: a line that is rewritten, or one now and then where none can be. */
export function createProgress(settings: CliSettings, now: () => number = () => performance.now()): Progress {
  const { err } = settings
  const width = liveWidthOf(settings)
  const pace = paceMeter(now)
  let line = ''
  let written = ''
  let writtenAt = Number.NEGATIVE_INFINITY
  const write = (): void => {
    if (line === written) return
    written = line
    writtenAt = now()
    err(width === null ? `${line}\n` : `${REWRITE}${line}`)
  }
  return {
    set: (run) => {
      line = progressLine(run, pace(run), width)
      if (width !== null || now() - writtenAt >= LINE_EVERY_MS) write()
    },
    say: (text) => {
      err(width === null ? text : `${REWRITE}${text}${line}`)
    },
    end: () => {
      write()
      if (width !== null && line !== '') err('\n')
    },
  }
}

/** Of the parts that were done in the last while. */
export function paceMeter(now: () => number): (run: Run) => Pace | null {
  let seen: { readonly at: number; readonly done: number }[] = []
  return ({ status, waiting, progress: { chunksDone, chunksTotal } }) => {
    if (waiting !== null || isEnded(status)) {
      seen = []
      return null
    }
    const at = now()
    seen = [...seen.filter((sample) => at - sample.at <= WINDOW_MS), { at, done: chunksDone }]
    const [first] = seen
    if (first === undefined || at - first.at < LEAST_WINDOW_MS || chunksDone <= first.done) return null
    const perSecond = ((chunksDone - first.done) / (at - first.at)) * 1000
    return { perSecond, secondsLeft: chunksTotal === null ? null : (chunksTotal - chunksDone) / perSecond }
  }
}

/** @param width Columns to keep within, with a bar in what is left of them; null for a line of any length without one. */
export function progressLine(run: Run, pace: Pace | null, width: number | null): string {
  const { chunksDone, chunksTotal } = run.progress
  const share = chunksTotal === null || chunksTotal === 0 ? null : Math.min(1, chunksDone / chunksTotal)
  const facts = [
    share === null ? '' : `${String(Math.floor(share * 100)).padStart(3)}%`,
    `${chunksDone}/${chunksTotal ?? '?'}`,
    run.status,
    pace === null ? '' : rateText(pace.perSecond),
    pace === null || pace.secondsLeft === null || pace.secondsLeft < 1 ? '' : `${span(pace.secondsLeft)} left`,
  ]
    .filter((fact) => fact !== '')
    .join('  ')
  const note = waitingNote(run)
  const line = note === '' ? facts : `${facts}  ${note}`
  if (width === null) return line.trimStart()
  // The last column stays free: some terminals begin a new line when it is written.
  const room = Math.min(MOST_BAR, width - 2 - columnsOf(facts))
  return cut(room < LEAST_BAR ? line.trimStart() : `${barOf(share ?? 0, room)} ${line}`, width - 1)
}

function barOf(share: number, columns: number): string {
  const done = Math.floor(share * columns)
  return '█'.repeat(done) + '░'.repeat(columns - done)
}

function rateText(perSecond: number): string {
  return perSecond >= 1 ? `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s` : `${(perSecond * 60).toFixed(1)}/min`
}
