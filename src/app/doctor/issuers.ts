import { TenonError } from '../../kernel/tenon-error.ts'
import type { Config } from '../config.ts'
import { readIssuers } from '../issuer-settings.ts'
import { fail, ok, type Finding } from './finding.ts'

/** Nothing where no file of issuers is named. */
export function issuersFindings(config: Config): Finding[] {
  const { issuersFile: file } = config
  if (file === undefined) return []
  try {
    const names = readIssuers(config).map(({ name }) => name)
    return [ok('issuers', `${file}: ${names.length === 0 ? 'no connection' : names.join(', ')}`)]
  } catch (thrown) {
    const issues = thrown instanceof TenonError ? thrown.details?.['issues'] : undefined
    const told = Array.isArray(issues) ? (issues as readonly { message: string }[]).map(({ message }) => message) : []
    return [
      fail(
        'issuers',
        `${file}: ${told.join('; ') || 'can not be read'}`,
        'Mend it: docs/guide/issuers.md says what stands in it.',
      ),
    ]
  }
}
