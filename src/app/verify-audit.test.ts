import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { verifyAudit } from './verify-audit.ts'

const folder = temporaryFolder('verify')
afterAll(() => folder.remove())

/** Written down once: a change of the canonical form must not go unnoticed, since exported trails outlive a release. */
const ORG = 'org_01kagz5c2m8q4r6t8v0x2z4b6d'
const TRAIL = [
  '{"seq":1,"at":"2026-11-21T08:00:00.000Z","action":"organizations.onboard","outcome":"done","code":null,"actor":"root","address":"127.0.0.1","requestId":"req-1","resources":{"org":"org_01kagz5c2m8q4r6t8v0x2z4b6d"},"details":{"slug":"acme","plan":"team"},"hash":"ef8255e43c9d7a96fffd752b089c51e5f9817ba0cc6e935ac3e20770c4311082","previousHash":"30595ef84708b6b538dbd03f5cc73280493fd0c714c398b5fe1f870ca52b4454"}',
  '{"seq":2,"at":"2026-11-21T08:01:00.000Z","action":"apiKeys.list","outcome":"refused","code":"forbidden","actor":"key_1","address":"127.0.0.1","requestId":"req-2","resources":{},"details":{"scope":"api-keys:read"},"hash":"ebbdf19812d4831c0e8520d0fdb6745412209369b316de72a0c8ff2ab649dce4","previousHash":"ef8255e43c9d7a96fffd752b089c51e5f9817ba0cc6e935ac3e20770c4311082"}',
]

async function verify(lines: readonly string[], more: { head?: string } = {}): Promise<string> {
  const file = join(folder.path, 'trail.jsonl')
  writeFileSync(file, lines.join('\n'))
  let said = ''
  await verifyAudit({ file, org: ORG, head: more.head, json: true, say: (line) => (said += line) })
  return said
}

describe('an exported trail', () => {
  it('is whole', async () => {
    expect(JSON.parse(await verify(TRAIL))).toMatchObject({ data: { entries: 2, first: 1, last: 2 } })
  })

  it('with a change is refused with the entry that does not fit', async () => {
    const changed = TRAIL.map((line) => line.replace('key_1', 'key_2'))
    await expect(verify(changed)).rejects.toMatchObject({ code: 'audit_broken', details: { seq: 2 } })
    const other = TRAIL.map((line) => line.replace('team', 'solo'))
    await expect(verify(other)).rejects.toMatchObject({ code: 'audit_broken', details: { seq: 1 } })
  })

  it('without its end is refused when its last hash was noted', async () => {
    const { head } = (JSON.parse(await verify(TRAIL)) as { data: { head: string } }).data
    await expect(verify(TRAIL.slice(0, 1), { head })).rejects.toMatchObject({ code: 'audit_broken' })
  })

  it('with anything else in it is refused with the line', async () => {
    for (const line of ['nonsense', '{"error":{"code":"internal"}}'])
      await expect(verify([...TRAIL, line])).rejects.toMatchObject({ code: 'audit_broken', details: { line: 3 } })
  })

  it('that is not there is a mistake of usage', async () => {
    const none = { file: join(folder.path, 'none'), org: undefined, head: undefined, json: false, say: () => {} }
    await expect(verifyAudit(none)).rejects.toMatchObject({ code: 'usage' })
  })
})
