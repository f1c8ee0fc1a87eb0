import { describe, expect, it } from 'vitest'
import { render } from './render.ts'

const look = { width: 80, colors: false }
const page = { pagination: { nextCursor: null, limit: 50 } }
const project = {
  id: 'proj_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'storefront',
  description: 'The shop\n  and what it calls',
  repositoryCount: 2,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: new Date(Date.now() - 300_000).toISOString(),
}
const repository = {
  id: 'repo_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'honojs/hono',
  status: 'ready',
  indexedCommit: '0123456789abcdef0123456789abcdef01234567',
}
const cells = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))

describe('what people see of projects', () => {
  it('fits the width, whatever they are called', () => {
    const long = { ...project, name: 'x'.repeat(100), description: 'y '.repeat(250) }
    const list = render('projects.list', { data: [long, project], meta: page }, look)
    for (const line of list.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(cells(list)[0]).toEqual(['NAME', 'REPOSITORIES', 'CHANGED', 'DESCRIPTION'])
    expect(cells(list)[1]?.slice(1, 3)).toEqual(['2', '5 min ago'])
    expect(cells(list)[2]?.slice(0, 3)).toEqual(['storefront', '2', '5 min ago'])
    const repositories = [{ ...repository, name: 'x'.repeat(100) }]
    const shown = render('projects.get', { data: { ...project, repositories }, meta: page }, look)
    for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(cells(shown).at(-1)?.slice(1)).toEqual(['ready', '0123456789'])
  })

  it('says what to do when there is nothing, and how to see more', () => {
    expect(render('projects.list', { data: [], meta: page }, look)).toContain('tenon projects create')
    const empty = { ...project, repositoryCount: 0, repositories: [] }
    expect(render('projects.get', { data: empty, meta: page }, look)).toContain('tenon projects add storefront')
    expect(render('projects.create', { data: project }, look)).toContain('tenon projects add storefront')
    const more = { pagination: { nextCursor: 'next-one', limit: 1 } }
    const full = { ...project, repositories: [repository] }
    expect(render('projects.get', { data: full, meta: more }, look)).toContain('--cursor next-one')
  })

  it('shows what one holds', () => {
    const repositories = [repository, { ...repository, name: 'api', status: 'pending', indexedCommit: null }]
    const text = render('projects.get', { data: { ...project, repositories }, meta: page }, look)
    expect(cells(text)).toEqual([
      ['project', project.id],
      ['name', 'storefront'],
      ['description', 'The shop and what it calls'],
      ['holds', '2 repositories'],
      ['changed', '5 min ago'],
      [''],
      ['REPOSITORY', 'STATUS', 'COMMIT'],
      ['honojs/hono', 'ready', '0123456789'],
      ['api', 'pending', '–'],
    ])
    const one = { ...project, description: null, repositoryCount: 1 }
    expect(render('projects.update', { data: one }, look)).toMatch(/^holds +1 repository$/m)
  })

  it('tells what was changed from what was so before', () => {
    const said = (operation: string, changed: boolean) =>
      render(operation, { data: { project, repository, changed } }, look)
    expect([true, false].map((changed) => said('projects.addRepository', changed))).toEqual([
      'Added honojs/hono to storefront.\n',
      'honojs/hono is in storefront already.\n',
    ])
    expect([true, false].map((changed) => said('projects.removeRepository', changed))).toEqual([
      'Removed honojs/hono from storefront. Its index stays.\n',
      'honojs/hono is not in storefront.\n',
    ])
    expect(render('projects.delete', { data: { ...project, deleted: true } }, look)).toBe(
      'Deleted storefront. Its repositories stay.\n',
    )
  })
})
