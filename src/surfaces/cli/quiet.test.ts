import { describe, expect, it } from 'vitest'
import { unheard } from '../../../test/support/cli-settings.ts'
import { runCli } from './program.ts'

const page = { pagination: { nextCursor: 'more', limit: 2 } }

async function run(argv: readonly string[], answer: object, status = 200) {
  const text = { out: '', err: '' }
  const fetch = async (): Promise<Response> => Response.json(answer, { status })
  const settings = {
    ...unheard,
    liveWidth: 80,
    fetch,
    out: (part: string) => (text.out += part),
    err: (part: string) => (text.err += part),
  }
  const code = await runCli([...argv, '--quiet'], settings, [])
  return { code, ...text }
}

describe('--quiet', () => {
  it('prints the ids of a list, and no hint that there is more', async () => {
    const data = [{ id: 'repo_1' }, { id: 'repo_2' }]
    expect(await run(['repos', 'list'], { data, meta: page })).toEqual({ code: 0, out: 'repo_1\nrepo_2\n', err: '' })
    expect((await run(['runs', 'list'], { data: [], meta: page })).out).toBe('')
  })

  it('prints the id of what was started, made or changed, and the secret of a new key', async () => {
    const run1 = { id: 'run_1' }
    expect((await run(['repos', 'add', 'a/b'], { data: { repository: { id: 'repo_1' }, run: run1 } }, 202)).out).toBe(
      'run_1\n',
    )
    expect((await run(['runs', 'pause', 'run_1'], { data: run1 })).out).toBe('run_1\n')
    const key = { id: 'key_1', secret: 'tn_live_new' }
    expect((await run(['api-keys', 'create', 'ci'], { data: key }, 201)).out).toBe('tn_live_new\n')
    expect(
      (await run(['runs', 'cancel-many', '--subject', 'x', '--yes'], { data: { cancelled: 1, runs: ['run_1'] } })).out,
    ).toBe('run_1\n')
    expect(
      (await run(['projects', 'add', 'p', 'r'], { data: { project: {}, repository: {}, changed: true } })).out,
    ).toBe('')
  })

  it('prints where a search found something, on a line that a terminal can not act on', async () => {
    const matches = [{ repository: 'app', path: 'src/\u001b[2Ja.ts', line: 7 }]
    expect((await run(['search', 'x'], { data: { matches }, meta: page })).out).toBe('app/src/a.ts:7\n')
  })

  it('prints the address of a page at Stripe, to be opened', async () => {
    const url = 'https://checkout.stripe.com/c/pay/cs_1'
    expect((await run(['billing', 'checkout', 'solo', '--org', 'acme'], { data: { id: 'cs_1', url } })).out).toBe(
      `${url}\n`,
    )
  })

  it('prints errors all the same', async () => {
    const error = { code: 'not_found', message: '', requestId: 'req_1' }
    expect(await run(['repos', 'show', 'x'], { error }, 404)).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('not_found'),
    })
  })
})
