import { describe, expect, it } from 'vitest'
import { nowhere } from '../../../test/support/cli-settings.ts'
import type { Run } from '../../contract/runs.ts'
import { createProgress, paceMeter, progressLine } from './progress.ts'
import type { CliSettings } from './settings.ts'
import { columnsOf } from './text-width.ts'

const at = (chunksDone: number, more: Partial<Run> = {}): Run => ({
  id: 'run_01jd2m5x8qf3v7w9y0z1a2b3c4',
  pipeline: 'git/code/index',
  status: 'running',
  subject: null,
  progress: { chunksTotal: 200, chunksDone, chunksFailed: 0 },
  summary: null,
  error: null,
  waiting: null,
  priority: 'normal',
  pausedAt: null,
  schedule: null,
  archivedAt: null,
  credits: null,
  requestId: 'req',
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  endedAt: null,
  ...more,
})

function progressOf(liveWidth: number | null) {
  let text = ''
  const clock = { ms: 0 }
  const settings: CliSettings = {
    url: '',
    apiKey: undefined,
    org: undefined,
    fetch: async () => Response.error(),
    out: () => {},
    err: (part) => (text += part),
    isTerminal: false,
    liveWidth,
    colors: false,
    width: 80,
    confirm: async () => false,
    input: async () => '',
    ...nowhere,
  }
  return { progress: createProgress(settings, () => clock.ms), clock, written: () => text }
}

describe('the progress of a run', () => {
  it('shows share, count, pace and time left, and keeps within any width', () => {
    const pace = { perSecond: 12.5, secondsLeft: 12 }
    expect(progressLine(at(50), pace, 80)).toBe(
      `${'█'.repeat(6)}${'░'.repeat(18)}  25%  50/200  running  13/s  12 s left`,
    )
    expect(progressLine(at(50), { perSecond: 0.05, secondsLeft: 3000 }, null)).toBe(
      '25%  50/200  running  3.0/min  50 min left',
    )
    const waiting = { reason: 'no_worker', until: null } as const
    for (const width of [10, 20, 30, 40, 60, 80, 140])
      for (const run of [at(50), at(200, { status: 'succeeded' }), at(0, { waiting })])
        expect(columnsOf(progressLine(run, pace, width))).toBeLessThan(width)
    expect(progressLine(at(0, { waiting }), null, 80)).toMatch(
      /^░{24} {3}0% {2}0\/200 {2}running {2}waits for a worker/,
    )
    expect(progressLine(at(3, { progress: { chunksTotal: null, chunksDone: 3, chunksFailed: 0 } }), null, 80)).toMatch(
      /░ 3\/\? {2}running$/,
    )
  })

  it('tells a pace only from some seconds of work, and forgets it while the run waits', () => {
    let ms = 0
    const pace = paceMeter(() => ms)
    expect(pace(at(0))).toBeNull()
    ms = 1_000
    expect(pace(at(50))).toBeNull()
    ms = 4_000
    expect(pace(at(100))).toEqual({ perSecond: 25, secondsLeft: 4 })
    ms = 40_000
    expect(pace(at(100))).toBeNull()
    ms = 42_000
    expect(pace(at(110))).toEqual({ perSecond: 5, secondsLeft: 18 })
    expect(pace(at(110, { waiting: { reason: 'retry', until: null } }))).toBeNull()
    ms = 60_000
    expect(pace(at(120))).toBeNull()
    expect(pace(at(200, { status: 'succeeded' }))).toBeNull()
  })

  it('rewrites one line on a terminal, and ends it', () => {
    const { progress, written } = progressOf(40)
    progress.set(at(50))
    progress.set(at(50))
    progress.say('a line of its own\n')
    progress.end()
    const line = `${'█'.repeat(4)}${'░'.repeat(13)}  25%  50/200  running`
    expect(written()).toBe(`\r\u001b[K${line}\r\u001b[Ka line of its own\n${line}\n`)
  })

  it('writes a line at most every five seconds elsewhere, and the last state in any case', () => {
    const { progress, clock, written } = progressOf(null)
    for (let done = 0; done <= 100; done += 10) {
      progress.set(at(done))
      clock.ms += 1_000
    }
    progress.end()
    expect(
      written()
        .trimEnd()
        .split('\n')
        .map((line) => line.split('  ')[1]),
    ).toEqual(['0/200', '50/200', '100/200'])
    progress.end()
    expect(written().trimEnd().split('\n')).toHaveLength(3)
  })
})
