import { getMe, type Organization } from '../../src/contract/identity.ts'
import type { TestOrg } from './node.ts'

/** The organisation that a key or token belongs to. */
export async function ownOrg(caller: Pick<TestOrg, 'call'>): Promise<Organization> {
  const { org } = await caller.call(getMe, {})
  if (org === null) throw new Error('this caller belongs to no organisation')
  return org
}
