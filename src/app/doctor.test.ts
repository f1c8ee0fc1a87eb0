import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { readConfig } from './config.ts'
import { doctor } from './doctor.ts'

const folder = temporaryFolder('doctor')
const PORT = 17_951
let program: Server
beforeAll(async () => {
  program = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => program.listen(PORT, '127.0.0.1', resolve))
})
afterAll(async () => {
  await new Promise((resolve) => program.close(resolve))
  folder.remove()
})

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly advice: string | null
}

async function examine(env: Record<string, string>): Promise<{ code: number; findings: Finding[] }> {
  let text = ''
  const config = readConfig({ TENON_DATA_DIR: folder.path, PATH: process.env['PATH'] ?? '', ...env })
  const code = await doctor(config, { json: true, say: (line) => (text += line) })
  const { data } = JSON.parse(text) as { data: { ok: boolean; findings: Finding[] } }
  return { code, findings: data.findings }
}

const byName = (findings: readonly Finding[], name: string): Finding | undefined =>
  findings.find(({ check }) => check === name)

describe('the doctor', () => {
  it('finds a port that another program uses, and a server that does not answer', async () => {
    const { code, findings } = await examine({ TENON_PORT: String(PORT) })
    expect(code).toBe(1)
    expect(byName(findings, 'port')).toMatchObject({ ok: false, advice: expect.stringContaining('TENON_PORT') })
    expect(byName(findings, 'server')).toMatchObject({ ok: false })
    for (const name of ['Node', 'git', 'data folder', 'database'])
      expect(byName(findings, name)).toMatchObject({ ok: true, advice: null })
  })

  it('finds a missing git, a folder that can not be written and a database that does not answer', async () => {
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    const { code, findings } = await examine({
      TENON_PORT: String(PORT + 1),
      PATH: '/nonexistent',
      TENON_DATA_DIR: join(file, 'data'),
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    })
    expect(code).toBe(1)
    for (const name of ['git', 'data folder', 'database']) expect(byName(findings, name)).toMatchObject({ ok: false })
    expect(byName(findings, 'port')).toMatchObject({ ok: true })
    for (const { ok, advice } of findings) expect(advice === null).toBe(ok)
  })
})
