import { z } from 'zod'

/** Fields that several operations share. Lengths are in UTF-16 code units. */

/** Slug or id of the organisation; any other text is an organisation that does not exist, so it is not checked here. */
export const orgField = z.string().min(1).max(64).describe('Slug or id of the organisation')

export const slug = z
  .string()
  .min(2)
  .max(40)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'Lower-case letters, digits and single hyphens, starting with a letter')

export const timestamp = z.iso.datetime().describe('UTC, ISO 8601')

/** The two query fields of every list. */
export const page = {
  limit: z.int().min(1).max(200).default(50).describe('How many entries at most'),
  cursor: z.string().min(1).max(1024).optional().describe('meta.pagination.nextCursor of the page before'),
}

const tokens = z.int().min(500).max(100_000).optional()

/** For callers with little room, such as a model's context. */
export const pageTokens = tokens.describe(
  'Fewer entries than `limit`, when they would have more than about so many tokens of four bytes; the cursor leads to the rest',
)
export const maxTokens = tokens.describe(
  'The answer is cut, the least important first, until it has about so many tokens of four bytes',
)
