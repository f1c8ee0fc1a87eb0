import { styleText } from 'node:util'
import { EXIT } from '../contract/errors.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { wrap, type Access } from '../surfaces/cli/index.ts'
import { INSTALLATION_KIND, type Config } from './config.ts'
import { databaseFindings } from './doctor/database.ts'
import { fail, ok, type Finding, type State } from './doctor/finding.ts'
import { issuersFindings } from './doctor/issuers.ts'
import { folderFinding, gitFinding, masterKeyFinding, nodeFinding, portFinding } from './doctor/machine.ts'
import { accessFindings, serverFindings } from './doctor/server.ts'
import { reportingFindings } from './doctor/settings.ts'

export interface DoctorOptions {
  /** @throws TenonError `config_invalid` */
  readonly config: () => Config
  /** Where the command line calls. */
  readonly url: () => string
  /** @throws CliError `not_configured`, `usage` */
  readonly access: () => Access
  readonly fetch: typeof globalThis.fetch
  readonly json: boolean
  readonly colors: boolean
  /** Columns of the terminal. */
  readonly width: number
  readonly say: (line: string) => void
}

/** `tenon doctor`: looks at everything that Tenon needs and says what to do. Exits with 1 when something does not work. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const findings = [nodeFinding(process.versions.node), ...(await examine(options))]
  const { json, say } = options
  const isOk = findings.every(({ state }) => state !== 'fail')
  if (json) say(JSON.stringify({ data: { ok: isOk, findings } }))
  else tell(findings, options)
  return isOk ? EXIT.done : EXIT.failed
}

async function examine({ config: readConfig, url, access, fetch }: DoctorOptions): Promise<Finding[]> {
  let config: Config
  try {
    config = readConfig()
  } catch (thrown) {
    return [settingsFinding(thrown)]
  }
  const server = await serverFindings({ url: url(), fetch, installation: INSTALLATION_KIND })
  const local = `http://${config.host}:${config.port}`
  const here = local === url() ? server : await serverFindings({ url: local, fetch })
  return [
    ok('settings', 'every variable has a value that can be used'),
    folderFinding(config),
    await gitFinding(config),
    masterKeyFinding(config),
    ...issuersFindings(config),
    ...(await databaseFindings(config)),
    ...(await reportingFindings(config)),
    await portFinding(config, here.isTenon),
    ...server.findings,
    ...(server.isTenon ? await accessFindings(access, fetch) : []),
  ]
}

function settingsFinding(thrown: unknown): Finding {
  const issues = thrown instanceof TenonError ? thrown.details?.['issues'] : undefined
  const wrong = Array.isArray(issues) ? (issues as readonly { path: string; message: string }[]) : []
  const found = wrong.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return fail('settings', found === '' ? 'can not be read' : found, 'Correct these environment variables.')
}

const MARKS = { ok: ['✓', 'green'], warn: ['!', 'yellow'], fail: ['✗', 'red'] } as const satisfies Record<
  State,
  unknown
>

function tell(findings: readonly Finding[], { colors, width, say }: DoctorOptions): void {
  const paint = (color: 'green' | 'yellow' | 'red' | 'dim', text: string): string =>
    colors ? styleText(color, text, { validateStream: false }) : text
  const room = Math.max(...findings.map(({ check }) => check.length))
  for (const { check, state, found, advice } of findings) {
    const [mark, color] = MARKS[state]
    const indent = ' '.repeat(room + 4)
    const [first = '', ...rest] = wrap(found, width - indent.length)
    say(`${paint(color, mark)} ${check.padEnd(room)}  ${first}`)
    for (const line of rest) say(`${indent}${line}`)
    if (advice === null) continue
    wrap(`→ ${advice}`, width - indent.length - 2).forEach((line, i) =>
      say(`${indent}${paint('dim', i === 0 ? line : `  ${line}`)}`),
    )
  }
  const count = (state: State): number => findings.filter((finding) => finding.state === state).length
  const [failed, warned] = [count('fail'), count('warn')]
  const warnings = warned === 0 ? '' : `${warned} ${warned === 1 ? 'warning' : 'warnings'}`
  const verdict = failed === 0 ? 'Nothing is broken' : `${failed} of ${findings.length} checks failed`
  say(`\n${[verdict, warnings].filter((part) => part !== '').join(', ')}.`)
}
