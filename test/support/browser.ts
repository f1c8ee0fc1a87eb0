import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as driver, type Browser } from 'playwright-core'

/** Nothing but what a page asks for leaves the browser, and a test sees to that. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // What has no address of this machine has none at all.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** A headless Chromium from the packages of this repository, with a profile of its own; whoever starts it closes it. */
export async function startBrowser(): Promise<Browser> {
  const folder = await unpacked()
  return driver.launch({
    executablePath: join(folder, 'chromium'),
    args: FLAGS,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: tmpdir(),
      FONTCONFIG_PATH: join(folder, 'fonts'),
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
    },
  })
}

/** The browser with its libraries and fonts, unpacked once for all tests; whoever comes later waits for nobody. */
async function unpacked(): Promise<string> {
  const folder = join(tmpdir(), 'tenon-chromium-153.0.0')
  if (existsSync(folder)) return folder
  const unfinished = mkdtempSync(`${folder}-`)
  // The package unpacks to where these point, and its libraries only on the machines that it is made for.
  const own = { TMPDIR: unfinished, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' }
  const before = Object.keys(own).map((name) => [name, process.env[name]] as const)
  try {
    Object.assign(process.env, own)
    await chromium.executablePath()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  // That of the package names folders of other machines.
  writeFileSync(join(unfinished, 'fonts', 'fonts.conf'), fontConfig(folder))
  try {
    renameSync(unfinished, folder)
  } catch (error) {
    // Another process has done it meanwhile.
    if (!existsSync(folder)) throw error
    rmSync(unfinished, { recursive: true })
  }
  return folder
}

function fontConfig(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`
}
