import { AxeBuilder } from '@axe-core/playwright'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { startBrowser } from '../support/browser.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { nthMailTo, PASSWORD, type ReadMail } from '../support/people.ts'
import { programsOn, type Program, type Programs } from '../support/serve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// A browser on two cores that other tests use as well.
vi.setConfig({ testTimeout: 90_000 })

const data = temporaryFolder('account-pages')
let database: TestDatabase
let programs: Programs
let node: Program
let browser: Browser
beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
  ;[node, browser] = await Promise.all([programs.serve(), startBrowser()])
  await programs.worker({ TENON_DATA_DIR: data.path, TENON_PUBLIC_URL: node.url })
}, 120_000)
afterAll(async () => {
  await browser.close()
  await programs.end()
  await database.close()
  data.remove()
})

async function visit(address: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(30_000)
  const complaints: string[] = []
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const response = await page.goto(address)
  return { page, complaints, response }
}

const call = (path: string, body: object) =>
  fetch(`${node.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const linkIn = ({ text }: ReadMail): string => /https?:\/\/\S+token=\S+/.exec(text)?.[0] ?? ''
const mailTo = (email: string, count: number) => nthMailTo({ dir: join(data.path) }, email, count)

async function violationsOn(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

describe('the pages of mails', () => {
  it('confirm an address when the person presses the button, and not before', async () => {
    const email = 'ada@example.com'
    await call('accounts', { email, password: PASSWORD, name: 'Ada' })
    const link = linkIn(await mailTo(email, 1))
    expect(link).toMatch(`${node.url}/accounts/verify?token=`)
    // As a program does that looks through mails.
    for (let n = 0; n < 3; n++) expect((await fetch(link)).status).toBe(200)
    expect((await fetch(link, { method: 'HEAD' })).status).toBe(200)
    const { page, complaints } = await visit(link)
    expect(page.url()).toBe(`${node.url}/accounts/verify`)
    await page.getByRole('button', { name: 'Confirm address' }).click()
    await page.getByText('Your address is confirmed.').waitFor()
    expect((await call('sessions', { email, password: PASSWORD })).status).toBe(201)
    expect(complaints).toEqual([])
    const again = await visit(link)
    await again.page.getByRole('button', { name: 'Confirm address' }).click()
    await again.page.getByRole('alert').getByText('This link is not valid').waitFor()
    await again.page.context().close()
    await page.context().close()
  })

  it('set a new password', async () => {
    const email = 'grace@example.com'
    await call('accounts', { email, password: PASSWORD, name: 'Grace' })
    await mailTo(email, 1)
    await call('accounts/password-reset', { email })
    const { page, complaints } = await visit(linkIn(await mailTo(email, 2)))
    await page.getByLabel('New password').fill('short')
    await page.getByRole('button', { name: 'Set password' }).click()
    expect(await page.getByText('The new password is set. You can').isVisible()).toBe(false)
    await page.getByLabel('New password').fill('a new password of Grace')
    await page.getByLabel('Show the password').check()
    expect(await page.getByLabel('New password').getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Set password' }).click()
    await page.getByText('The new password is set. You can').waitFor()
    expect((await call('sessions', { email, password: 'a new password of Grace' })).status).toBe(201)
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('ask who is invited to sign in, by a cookie that no script sees', async () => {
    const { page } = await visit(`${node.url}/invitations?token=no-invitation`)
    await page.getByRole('button', { name: 'Accept the invitation' }).click()
    await page.getByLabel('E-mail address', { exact: true }).fill('ada@example.com')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in and accept' }).click()
    await page.getByRole('alert').waitFor()
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ name: 'tenon_session', httpOnly: true, sameSite: 'Lax' }])
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.context().close()
  })

  for (const path of ['accounts/verify', 'accounts/reset', 'invitations'])
    for (const colorScheme of ['light', 'dark'] as const)
      it(`${path} is for everybody, on a phone as well, when it is ${colorScheme}`, async () => {
        const phone = { colorScheme, viewport: { width: 320, height: 640 } }
        const { page, complaints, response } = await visit(`${node.url}/${path}?token=x`, phone)
        const headers = response?.headers() ?? {}
        expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
        expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
        expect(await violationsOn(page)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
        await page.locator('form:visible button[type=submit]').focus()
        if (path !== 'accounts/reset') await page.keyboard.press('Enter')
        if (path !== 'accounts/reset') await page.locator('[role=alert]:visible, h2:visible').first().waitFor()
        expect(await violationsOn(page)).toEqual([])
        // What the server refuses, the browser tells as well.
        expect(complaints.filter((text) => !text.includes('Failed to load resource'))).toEqual([])
        await page.context().close()
      })

  it('are there for reading alone', async () => {
    const answer = await fetch(`${node.url}/accounts/verify`, { method: 'POST' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await fetch(`${node.url}/accounts/other`)).status).toBe(404)
  })
})
