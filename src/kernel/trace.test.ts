import { SpanKind } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { parentOf, recordSpans } from '../../test/support/record-spans.ts'
import { TenonError } from './tenon-error.ts'
import { beginInside, currentTraceParent, isTracing, traced, tracedInside, traceFields } from './trace.ts'

const REMOTE = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }
async function failWith(thrown: Error): Promise<never> {
  await Promise.resolve()
  throw thrown
}

describe('a span', () => {
  it('surrounds its work, and those inside of it are its children, also after a wait', async () => {
    const [inner, other, outer] = await recordSpans(() =>
      traced('outer', { attributes: { a: 1 } }, async () => {
        await traced('inner', { kind: 'client' }, () => Promise.resolve())
        await new Promise((resolve) => setImmediate(resolve))
        await tracedInside('other', {}, (span) => Promise.resolve(span.set({ b: 2 })))
      }),
    )
    expect(outer).toMatchObject({ name: 'outer', attributes: { a: 1 }, parentSpanContext: undefined })
    expect(inner).toMatchObject({ name: 'inner', kind: SpanKind.CLIENT })
    expect(other?.attributes).toEqual({ b: 2 })
    for (const one of [inner, other]) expect(parentOf(one)).toBe(outer?.spanContext().spanId)
  })

  it('has the code of what its work throws, and none of its text', async () => {
    const thrown = [new TenonError('timeout', { cause: new Error('secret text') }), new Error('secret text')]
    const spans = await recordSpans(async () => {
      for (const error of thrown) await expect(traced('work', {}, () => failWith(error))).rejects.toBe(error)
    })
    expect(spans.map(({ status }) => status.message)).toEqual(['timeout', 'internal'])
    expect(spans.map(({ attributes }) => attributes['error.type'])).toEqual(['timeout', 'internal'])
    expect(spans.flatMap(({ events }) => events)).toEqual([])
    expect(JSON.stringify(spans.map(({ attributes, status }) => [attributes, status]))).not.toContain('secret text')
  })

  it('shows no secret, also where a caller may choose the text', async () => {
    const spans = await recordSpans(() =>
      traced('work', { attributes: { id: 'tn_live_0123456789' } }, (span) =>
        Promise.resolve(span.set({ other: 'someone@example.org', n: 1 })),
      ),
    )
    expect(spans[0]?.attributes).toEqual({ id: '[redacted]', other: '[e-mail]', n: 1 })
  })

  it('of a detail is made only inside of another that is recorded', async () => {
    const spans = await recordSpans(async () => {
      await tracedInside('alone', {}, () => Promise.resolve())
      beginInside('alone', {}).end()
      await traced('unsampled', { parent: `00-${REMOTE.trace}-${REMOTE.span}-00` }, () =>
        tracedInside('detail', {}, () => Promise.resolve()),
      )
      await traced('outer', {}, () => {
        const span = beginInside('begun', {})
        span.fail('gone')
        span.end()
        return Promise.resolve()
      })
    })
    expect(spans.map(({ name, status }) => [name, status.message])).toEqual([
      ['begun', 'gone'],
      ['outer', undefined],
    ])
  })
})

describe('a parent from elsewhere', () => {
  const gone = async (parent: string | null): Promise<string | undefined> => {
    const [span] = await recordSpans(() => traced('work', { parent }, () => Promise.resolve()))
    return parentOf(span) === undefined ? undefined : `${span?.spanContext().traceId} ${parentOf(span)}`
  }

  it('is gone on with when it is well formed, of a later version too', async () => {
    const { trace, span } = REMOTE
    for (const parent of [`00-${trace}-${span}-01`, `01-${trace}-${span}-01-more`, `cc-${trace}-${span}-03`])
      expect([parent, await gone(parent)]).toEqual([parent, `${trace} ${span}`])
  })

  it('is as good as none when it is malformed', async () => {
    const { trace, span } = REMOTE
    const malformed = [
      '',
      'x',
      `00-${trace}-${span}`,
      `00-${trace}-${span}-01-more`,
      `00-${trace}-${span}-1`,
      `00-${trace}-${span}-01\n`,
      `ff-${trace}-${span}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${'0'.repeat(32)}-${span}-01`,
      `00-${trace}-${'0'.repeat(16)}-01`,
      `00-${trace}${trace}-${span}-01`,
      null,
    ]
    for (const parent of malformed) expect([parent, await gone(parent)]).toEqual([parent, undefined])
  })

  it('takes the place of what is under way', async () => {
    const [inner] = await recordSpans(() =>
      traced('outer', {}, () =>
        traced('inner', { parent: `00-${REMOTE.trace}-${REMOTE.span}-01` }, () => Promise.resolve()),
      ),
    )
    expect(inner?.spanContext().traceId).toBe(REMOTE.trace)
  })
})

describe('what is under way', () => {
  it('is told to whoever goes on with it, and to log lines', async () => {
    await recordSpans(() =>
      traced('work', { parent: `00-${REMOTE.trace}-${REMOTE.span}-01` }, async () => {
        const { spanId } = traceFields() as { spanId: string }
        expect(traceFields()).toEqual({ traceId: REMOTE.trace, spanId })
        expect(currentTraceParent()).toBe(`00-${REMOTE.trace}-${spanId}-01`)
        await Promise.resolve()
      }),
    )
    expect(traceFields()).toEqual({})
    expect(currentTraceParent()).toBe(null)
  })

  it('is told with its decision not to be recorded', async () => {
    await recordSpans(() =>
      traced('work', { parent: `00-${REMOTE.trace}-${REMOTE.span}-00` }, async () => {
        expect(currentTraceParent()).toMatch(/-00$/)
        await Promise.resolve()
      }),
    )
  })

  it('is nothing where nobody traces, and the work is done all the same', async () => {
    expect(isTracing()).toBe(false)
    const done = await traced('work', {}, async (span) => {
      span.set({ a: 1 })
      span.rename('other')
      span.fail('gone')
      expect(currentTraceParent()).toBe(null)
      expect(traceFields()).toEqual({})
      return tracedInside('inner', {}, () => Promise.resolve('done'))
    })
    expect(done).toBe('done')
    await expect(traced('work', {}, () => failWith(new TypeError('as it is')))).rejects.toThrow(TypeError)
  })
})
