import { describe, expect, it } from 'vitest'
import { render } from './render.ts'

const look = { width: 80, colors: false }
const page = { pagination: { nextCursor: null, limit: 50 } }
const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()
const run = {
  id: 'run_01jd2m5x8qf3v7w9y0z1a2b3c4',
  pipeline: 'git/code/index',
  status: 'running',
  subject: null,
  progress: { chunksTotal: 12, chunksDone: 3, chunksFailed: 0 },
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
  startedAt: at(-300),
  endedAt: null,
}
const error = { code: 'source_unreachable', message: 'The git server could not be reached.' }
const WAITING = [
  [{ reason: 'paused', until: null }, 'paused'],
  [{ reason: 'concurrency', until: null }, "the organisation's other work (limit of its plan)"],
  [{ reason: 'retry', until: '2026-01-01T10:11:12.345Z' }, 'the next try at 10:11:12Z'],
  [{ reason: 'retry', until: null }, 'the next try'],
  [{ reason: 'no_worker', until: null }, 'a worker (none runs)'],
  [{ reason: 'turn', until: null }, 'a free worker'],
] as const

const narrow = (text: string): string[] => {
  const lines = text.trimEnd().split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  return lines
}
const cells = (line: string | undefined): string[] | undefined => line?.trimEnd().split(/ {2,}/)

describe('what people see of runs', () => {
  it('fits the width, and says what each waits for', () => {
    const runs = [
      { ...run, status: 'queued', startedAt: null, waiting: WAITING[1][0] },
      { ...run, pausedAt: at(-10), waiting: WAITING[0][0] },
      { ...run, status: 'failed', endedAt: at(0), pausedAt: at(-10), error },
      run,
    ]
    const lines = narrow(render('runs.list', { data: runs, meta: page }, look))
    expect(cells(lines[0])).toEqual(['ID', 'STATUS', 'CHUNKS', 'STARTED', 'PIPELINE', 'NOTE'])
    expect(cells(lines[2])).toEqual([run.id, 'paused', '3/12', '5 min ago', 'git/code/index'])
    expect(cells(lines[3])?.slice(1, 4)).toEqual(['failed', '3/12', '5 min ago'])
    const wide = render('runs.list', { data: runs, meta: page }, { ...look, width: 200 }).split('\n')
    expect(cells(wide[1])?.slice(1)).toEqual(['queued', '3/12', '–', 'git/code/index', `waits for ${WAITING[1][1]}`])
    expect(cells(wide[3])?.[5]).toBe(error.message)
  })

  it('shows of one run what is not as usual', () => {
    const usual = narrow(render('runs.get', { data: run }, look))
    expect(usual.map((line) => line.split(' ')[0])).toEqual(['run', 'pipeline', 'status', 'chunks', 'started'])
    const more = { priority: 'high', schedule: 'sch_1', subject: 'repo_1' }
    const times = { pausedAt: at(-600), archivedAt: at(-7200) }
    const text = render('runs.get', { data: { ...run, ...more, ...times } }, look)
    for (const [name, value] of Object.entries(more)) expect(text).toMatch(new RegExp(`${name} +${value}\n`))
    expect(text).toMatch(/status +paused \(running\)\n/)
    expect(text).toMatch(/paused +10 min ago \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)\n/)
    expect(text).toMatch(/archived +2 h ago \(.*Z\)\n/)
    expect(text).toMatch(new RegExp(`\nGo on with it: tenon runs resume ${run.id}\n$`))
    for (const [waiting, words] of WAITING) {
      const waits = render('runs.get', { data: { ...run, waiting } }, look).match(/waits for +(.*)/)?.[1]
      expect(waits).toBe(words === 'paused' ? undefined : words)
    }
  })

  it('tells the result in words, and sizes in the unit that fits', () => {
    const summary = { files: 705, blobsRead: 686, bytesRead: 6_264_019, commit: 'e2bede96134f' }
    expect(render('runs.get', { data: { ...run, status: 'succeeded', summary } }, { ...look, width: 200 })).toMatch(
      /result +files 705, blobs read 686, bytes read 6\.3 MB, commit e2bede96134f\n/,
    )
  })

  it('keeps the lines of a log within the width, their texts below each other', () => {
    const message = 'indexed e2bede96134f: 705 files, 686 blobs read, 0 reused, 3 imports unresolved'
    const data = [{ at: '2026-01-01T10:11:12.345Z', level: 'info', message }]
    const [first, second] = narrow(render('runs.logs', { data, meta: page }, look))
    expect(first).toMatch(/^2026-01-01 10:11:12Z info {2}indexed/)
    expect(second).toMatch(/^ {27}\S/)
  })

  it('says how to see what failed', () => {
    const data = { ...run, status: 'failed', error, progress: { ...run.progress, chunksFailed: 2 } }
    const text = render('runs.get', { data }, look)
    expect(text).toMatch(/chunks +3 of 12, 2 failed\n/)
    expect(text).toMatch(new RegExp(`tenon runs chunks ${run.id} --state failed\n$`))
  })

  it('says what happened to a run, and what to do next', () => {
    const said = Object.fromEntries(
      ['start', 'pause', 'resume', 'cancel', 'retry'].map((verb) => [
        verb,
        narrow(render(`runs.${verb}`, { data: run }, look)),
      ]),
    )
    const follow = `Follow it: tenon runs watch ${run.id}`
    expect(said).toEqual({
      start: [`Started git/code/index as ${run.id}.`, follow],
      pause: [expect.stringContaining(`Paused ${run.id}`), `Go on with it: tenon runs resume ${run.id}`],
      resume: [`Resumed ${run.id}.`, follow],
      cancel: [`Cancelled ${run.id}.`],
      retry: [`${run.id} is tried again.`, follow],
    })
    expect(render('runs.cancelMany', { data: { cancelled: 2, runs: ['run_a', 'run_b'] } }, look)).toBe(
      'Cancelled 2 runs.\nrun_a\nrun_b\n',
    )
    expect(render('runs.cancelMany', { data: { cancelled: 0, runs: [] } }, look)).toContain('nothing was cancelled')
  })

  it('has a row for each part', () => {
    const chunk = { step: 'work', n: 17, state: 'failed', tries: 3, lost: 1, error, readyAt: null }
    const chunks = [{ ...chunk, step: 'plan', n: 0, state: 'done', tries: 0, lost: 0, error: null }, chunk]
    const lines = narrow(render('runs.chunks', { data: chunks, meta: page }, look))
    expect(lines.map(cells)).toEqual([
      ['STEP', 'N', 'STATE', 'TRIES', 'LOST', 'ERROR'],
      ['plan', '0', 'done', '0', '0'],
      ['work', '17', 'failed', '3', '1', expect.stringMatching(/^source_unreachable: The git server/)],
    ])
    expect(render('runs.chunks', { data: [], meta: page }, look)).toMatch(/^No parts/)
  })
})

const schedule = {
  id: 'sch_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'nightly',
  pipeline: 'git/code/index',
  input: { repository: 'tenon' },
  cron: '0 4 * * *',
  timeZone: 'UTC',
  jitterSeconds: 60,
  priority: 'normal',
  enabled: true,
  createdAt: at(0),
  nextAt: at(7200),
  lastAt: at(-3600),
  lastRun: run.id,
  lastError: null,
}

describe('what people see of schedules', () => {
  it('has a row for each with its next time and how the last went', () => {
    const off = { enabled: false, nextAt: null, lastAt: null, lastRun: null }
    const schedules = [
      schedule,
      { ...schedule, ...off, name: 'a name as long as the longest that there can be' },
      { ...schedule, name: 'refused', lastError: { code: 'quota_exceeded', message: '' } },
    ]
    const lines = narrow(render('schedules.list', { data: schedules, meta: page }, look))
    expect(lines.map(cells)).toEqual([
      ['NAME', 'PIPELINE', 'CRON', 'ZONE', 'ENABLED', 'NEXT', 'LAST'],
      ['nightly', 'git/code/index', '0 4 * * *', 'UTC', 'yes', 'in 2 h', 'run_…b3c4'],
      ['a name as lon…', 'git/code/index', '0 4 * * *', 'UTC', 'no', '–', '–'],
      ['refused', 'git/code/index', '0 4 * * *', 'UTC', 'yes', 'in 2 h', 'quota_exceeded'],
    ])
    const wide = render('schedules.list', { data: schedules, meta: page }, { ...look, width: 300 })
    expect(wide).toContain(run.id)
    expect(wide).toContain(schedules[1]?.name)
    expect(render('schedules.list', { data: [], meta: page }, look)).toContain('tenon schedules create')
  })

  it('shows one that was made, changed or deleted', () => {
    const made = narrow(render('schedules.create', { data: schedule }, look)).map(cells)
    expect(made).toEqual([
      ['schedule', schedule.id],
      ['name', 'nightly'],
      ['pipeline', 'git/code/index'],
      ['input', '{"repository":"tenon"}'],
      ['cron', '0 4 * * * (UTC, up to 60 s later)'],
      ['enabled', 'yes'],
      ['next', expect.stringMatching(/^in 2 h \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)$/)],
      ['last', `60 min ago, ${run.id}`],
    ])
    const more = { priority: 'low', jitterSeconds: 0, lastError: error, lastAt: null, lastRun: null }
    const changed = render('schedules.update', { data: { ...schedule, ...more } }, look)
    expect(changed).toMatch(/cron +0 4 \* \* \* \(UTC\)\npriority +low\n/)
    expect(changed).toMatch(/last +The git server could not be reached\. \(source_unreachable\)\n/)
    expect(render('schedules.delete', { data: { id: schedule.id, name: 'nightly', deleted: true } }, look)).toMatch(
      /^Deleted nightly\. Runs .* go on\.\n$/,
    )
  })
})
