import { expect, it } from 'vitest'
import { repositoryIn } from './log-fields.ts'

it('the repository is what the first input names that names one', () => {
  expect(repositoryIn({ org: 'acme' }, { repository: 'hono' }, { repository: 'other' })).toEqual({ repository: 'hono' })
  expect(repositoryIn({ repository: '' }, { repository: 'hono' })).toEqual({ repository: 'hono' })
})

it('nothing else is taken for one, and not more of it than a line should hold', () => {
  expect(repositoryIn()).toEqual({})
  expect(repositoryIn(null, 'repository', { repository: 1 }, { repository: { id: 'x' } }, [])).toEqual({})
  expect(repositoryIn({ repository: 'x'.repeat(10_000) }).repository).toHaveLength(200)
})
