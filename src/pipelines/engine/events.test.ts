import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiKey, revokeApiKey } from '../../contract/identity.ts'
import { watchRun, type RunEvent } from '../../contract/runs.ts'
import { encodeCursor } from '../../kernel/cursor.ts'
import type { StreamEvent } from '../../kernel/verb.ts'
import type { Outcome } from '../../kernel/run-operation.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { addMember } from '../../../test/support/add-member.ts'
import { newPerson } from '../../../test/support/person.ts'
import { createGate, startSampleNode, type Behaviour, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ worker: { slots: 1 } })
  org = await nodes.node.onboard('events')
})
afterAll(() => nodes.node.close())

function watch(client: TestOrg, run: string, lastEventId?: string, signal = new AbortController().signal) {
  return nodes.node.caller.call(watchRun, {
    credentials: { apiKey: client.apiKey },
    input: { params: { org: client.slug, run }, query: {}, body: {} },
    requestId: 'request',
    address: '192.0.2.1',
    signal,
    lastEventId,
  })
}

function eventsOf(outcome: Outcome): AsyncIterable<StreamEvent<RunEvent>> {
  if (!outcome.ok || outcome.events === undefined) throw new Error(`no events: ${JSON.stringify(outcome)}`)
  return outcome.events as AsyncIterable<StreamEvent<RunEvent>>
}

const linesOf = (events: readonly StreamEvent<RunEvent>[]): string[] =>
  events.flatMap(({ data }) => (data.type === 'log' ? [data.log.message] : []))

describe('the events of a run', () => {
  it('are the run as it changes and each line of its log, until the end', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, {
      chunks: 3,
      behaviour: {
        work: async ({ say, signal }, _, n) => {
          await say('info', `chunk ${n}`)
          if (n === 1) await gate.pass(signal)
        },
      },
    })
    const events: StreamEvent<RunEvent>[] = []
    for await (const event of eventsOf(await watch(org, run))) {
      events.push(event)
      expect(event.event).toBe(event.data.type)
      if (linesOf(events).includes('chunk 1')) gate.open()
    }
    expect(linesOf(events)).toEqual(['chunk 0', 'chunk 1', 'chunk 2'])
    const runs = events.flatMap(({ data }) => (data.type === 'run' ? [data.run] : []))
    expect(runs.at(-1)).toMatchObject({ id: run, status: 'succeeded', progress: { chunksDone: 3 } })
    expect(runs.filter(({ endedAt }) => endedAt !== null)).toHaveLength(1)
    expect(events.at(-1)?.data.type).toBe('run')
    const done = runs.map(({ progress }) => progress.chunksDone)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    expect(runs.length).toBeGreaterThan(1)
  })

  it('go on after the last that was seen: no line is lost or told twice', async () => {
    const run = await nodes.begin(org, {
      chunks: 30,
      behaviour: { work: ({ say }, _, n) => say('info', `line ${n}`) },
    })
    const seen: StreamEvent<RunEvent>[] = []
    let streams = 0
    for (let ended = false; !ended;) {
      streams += 1
      ended = true
      let taken = 0
      for await (const event of eventsOf(await watch(org, run, seen.at(-1)?.id))) {
        seen.push(event)
        taken += 1
        if (taken === 4) {
          ended = false
          break
        }
      }
    }
    expect(streams).toBeGreaterThan(5)
    expect(linesOf(seen)).toEqual(Array.from({ length: 30 }, (_, n) => `line ${n}`))
    expect(seen.filter(({ data }) => data.type === 'run' && data.run.endedAt !== null)).toHaveLength(1)
  })

  it('of a run with more lines than a look reads are all told, in their order', async () => {
    const run = await nodes.begin(org)
    await nodes.ended(org, run)
    await nodes.query(
      `insert into run_logs (org_id, run_id, level, message)
       select org_id, id, 'info', g.i::text from runs, generate_series(1, 450) as g (i) where id = $1 order by g.i`,
      [run],
    )
    const events = await Array.fromAsync(eventsOf(await watch(org, run)))
    expect(linesOf(events)).toEqual(Array.from({ length: 450 }, (_, n) => String(n + 1)))
    expect(events.at(-1)?.data.type).toBe('run')
    expect(await Array.fromAsync(eventsOf(await watch(org, run, events.at(-1)?.id)))).toEqual([])
  })

  it('end when the watcher goes', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
    await waitFor(async () => gate.inside() === 1, 5_000)
    const leaving = new AbortController()
    const events = eventsOf(await watch(org, run, undefined, leaving.signal))
    setTimeout(() => leaving.abort(), 100)
    const at = performance.now()
    await Array.fromAsync(events).catch(() => {})
    expect(performance.now() - at).toBeLessThan(2_000)
    gate.open()
    await nodes.ended(org, run)
  })

  it('end for who has been removed from the organisation, or whose key was revoked, while the run goes on', async () => {
    const person = await newPerson(nodes.node, 'watcher')
    await addMember(nodes.node.database, org.slug, { id: person.id, role: 'viewer' })
    const other = await org.call(createApiKey, { name: 'of a watcher' })
    const done = new AbortController()
    const work: Behaviour['work'] = async ({ say, signal }) => {
      for (let n = 0; !signal.aborted && !done.signal.aborted; n++) {
        await say('info', `line ${n}`)
        await sleep(100)
      }
    }
    const run = await nodes.begin(org, { behaviour: { work } })
    const ends = {
      person: () => nodes.query('delete from members where user_id = $1', [person.id]),
      key: () => org.call(revokeApiKey, { key: other.id }),
    }
    for (const [apiKey, end] of [
      [person.session, ends.person],
      [other.secret, ends.key],
    ] as const) {
      let endedAt: number | null = null
      for await (const { data } of eventsOf(await watch({ ...org, apiKey }, run))) {
        if (data.type !== 'log' || endedAt !== null) continue
        await end()
        endedAt = performance.now()
      }
      expect(performance.now() - (endedAt ?? 0)).toBeLessThan(5_000)
    }
    done.abort()
    await nodes.ended(org, run)
  })

  it('are refused for others, and with a position that is none', async () => {
    const run = await nodes.begin(org)
    const stranger = await nodes.node.onboard('stranger')
    expect(await watch(stranger, run)).toMatchObject({ ok: false, code: 'not_found' })
    expect(await watch(org, 'run_none')).toMatchObject({ ok: false, code: 'not_found' })
    for (const wrong of ['x', '12', '', encodeCursor({ run: 1, log: 0 }), encodeCursor({ run: '', log: -1 })])
      expect([wrong, await watch(org, run, wrong)]).toMatchObject([wrong, { ok: false, code: 'invalid_cursor' }])
    await nodes.ended(org, run)
  })

  it('are given to so many at once, and to others when one has gone', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
    const streams = await Promise.all(Array.from({ length: 25 }, () => watch(org, run)))
    const given = streams.filter(({ ok }) => ok)
    expect(given).toHaveLength(20)
    const refused = streams.find(({ ok }) => !ok)
    expect(refused?.envelope).toMatchObject({ error: { code: 'rate_limited', details: { window: 'streams' } } })
    const [first, ...others] = given.map((outcome) => eventsOf(outcome)[Symbol.asyncIterator]())
    await first?.next()
    await first?.return?.()
    const next = await watch(org, run)
    expect(next.ok).toBe(true)
    gate.open()
    for (const one of [...others, eventsOf(next)[Symbol.asyncIterator]()]) {
      while ((await one.next()).done !== true);
    }
  })
})
