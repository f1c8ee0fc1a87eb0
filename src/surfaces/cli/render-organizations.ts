import type { deleteOrganization, onboardOrganization, Organization } from '../../contract/identity.ts'
import type { DataOf } from '../../contract/operation.ts'
import { fields, moment, plain, wrap, type Look } from './text.ts'

/** The key stands alone on the first line, to be copied. */
export function renderOnboarded({ org, plan, apiKey }: DataOf<typeof onboardOrganization>, { width }: Look): string {
  const notice = 'This is its first key, which may do everything. Keep it now: it is shown this once.'
  const facts = { organisation: `${org.name} (${org.slug})`, org: org.id, plan, key: apiKey.id }
  return `${apiKey.secret}\n\n${wrap(notice, width).join('\n')}\n\n${fields(facts, width)}`
}

export function renderOrganization({ id, slug, name, createdAt }: Organization, { width }: Look): string {
  return fields({ organisation: `${name} (${slug})`, org: id, made: moment(createdAt) }, width)
}

export function renderClosed({ slug, deletedAfter }: DataOf<typeof deleteOrganization>, { width }: Look): string {
  const day = deletedAfter.slice(0, 10)
  const text = `Closed ${plain(slug)}. Its keys are revoked, and its repositories are removed in the background. What is left is deleted after ${day}; until then the slug is taken.`
  return `${wrap(text, width).join('\n')}\n`
}
