import { listFindings } from '../../src/contract/findings.ts'
import { recordFinding } from '../../src/domains/findings/index.ts'
import type { TestNode, TestOrg } from './node.ts'
import { ownOrg } from './own-org.ts'

/** The id of a finding of this organisation. */
export async function plantedFinding(node: TestNode, org: TestOrg): Promise<string> {
  const { id } = await ownOrg(org)
  await node.database.db.tenant(id).write((sql) => recordFinding(sql, id, { kind: 'above_limit', subject: 'seats' }))
  return (await org.call(listFindings, {}))[0]?.id ?? ''
}
