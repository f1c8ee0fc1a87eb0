import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { OPERATIONS } from '../../src/contract/index.ts'
import { startBrowser } from '../support/browser.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { programsOn, type Program, type Programs } from '../support/serve.ts'
import { onboard } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

// A browser on two cores that other tests use as well.
vi.setConfig({ testTimeout: 90_000 })

let database: TestDatabase
let programs: Programs
let node: Program
let browser: Browser
beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
  ;[node, browser] = await Promise.all([programs.serve(), startBrowser()])
}, 120_000)
afterAll(async () => {
  await browser.close()
  await programs.end()
  await database.close()
})

interface Visit {
  readonly page: Page
  /** What the console said that is no plain message, and what went wrong in the page. */
  readonly complaints: string[]
  /** Addresses that the page asked for, and was not given, outside of the server. */
  readonly strangers: string[]
}

async function visit(path: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  const strangers: string[] = []
  await context.route(
    (url) => url.origin !== node.url && url.protocol !== 'data:',
    (route) => {
      strangers.push(route.request().url())
      return route.abort()
    },
  )
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${node.url}${path}`)
  await page.locator('.opblock').first().waitFor()
  return { page, complaints, strangers }
}

describe('the reference in a browser', () => {
  it('shows every operation, asks nobody else and keeps to its policy', async () => {
    const { page, complaints, strangers } = await visit('/docs')
    const shown = await page
      .locator('.opblock')
      .evaluateAll((blocks) => blocks.map((block) => (block as unknown as { id: string }).id))
    const expected = [...OPERATIONS.map(({ name }) => name), 'healthz', 'readyz']
    expect(new Set(shown.map((id) => id.replace(/^operations-[^-]+-/, '').replaceAll('\\', '')))).toEqual(
      new Set(expected),
    )
    expect(shown).toHaveLength(expected.length)
    expect([complaints, strangers]).toEqual([[], []])
    await page.context().close()
  })

  it('finds operations by what names them', async () => {
    const { page } = await visit('/docs')
    await page.keyboard.press('/')
    await page.keyboard.type('delete project')
    await waitFor(async () => (await page.locator('.opblock').count()) === 2, 10_000)
    expect(await page.locator('.opblock-summary-path').allInnerTexts()).toEqual([
      expect.stringMatching(/projects/),
      expect.stringMatching(/repositories/),
    ])
    await page.context().close()
  })

  it('says that nothing matches, in its own words', async () => {
    const { page } = await visit('/docs')
    await page.locator('.operation-filter-input').fill('no such thing')
    const answer = page.locator('#ui [role="status"]')
    await answer.waitFor()
    expect(await answer.innerText()).toBe('No operation matches “no such thing”.')
    await page.locator('.operation-filter-input').fill('')
    await page.locator('.opblock').first().waitFor()
    await page.context().close()
  })

  it('shows fields to fill in only where an operation is tried', async () => {
    const { page } = await visit('/docs#/Repositories/repositories.get')
    const open = page.locator('.opblock.is-open')
    const fields = open.locator('.parameters-col_description input')
    await open.waitFor()
    expect(await fields.first().isVisible()).toBe(false)
    await open.locator('.try-out__btn').click()
    await fields.first().waitFor()
    await page.context().close()
  })

  it('opens the operation that a link names', async () => {
    const { page } = await visit('/docs#/Caller/me.get')
    const open = page.locator('.opblock.is-open')
    await open.waitFor()
    expect(await open.locator('.opblock-summary-path').innerText()).toContain('/v1/me')
    const top = await open.evaluate(
      (block) => (block as unknown as { getBoundingClientRect(): { top: number } }).getBoundingClientRect().top,
    )
    expect(top).toBeGreaterThanOrEqual(56)
    expect(top).toBeLessThan(900)
    await page.context().close()
  })

  it('calls the server with a key that is forgotten with the page', async () => {
    const { apiKey } = await onboard(node.url, 'readers')
    const { page, complaints } = await visit('/docs#/Caller/me.get')
    await page.locator('.auth-wrapper .authorize').click()
    await page.locator('.modal-ux input').first().fill(apiKey)
    await page.locator('.modal-ux .authorize').first().click()
    await page.locator('.modal-ux .close-modal').click()
    const me = page.locator('.opblock.is-open')
    await me.locator('.try-out__btn').click()
    await me.locator('.execute').click()
    const answer = me.locator('.live-responses-table')
    await answer.waitFor()
    expect(await answer.locator('.response-col_status').last().innerText()).toContain('200')
    expect(await answer.innerText()).toContain('"slug": "readers"')
    expect(await me.locator('.curl').innerText()).not.toContain('X-Tenon-Client')
    expect(complaints).toEqual([])
    const kept = 'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])'
    expect(await page.evaluate(kept)).toBe('[{},{},""]')
    await page.context().close()
  })

  it.each(['light', 'dark'] as const)('can be used by everybody when it is %s', async (colorScheme) => {
    const { page } = await visit('/docs#/Repositories/repositories.add', { colorScheme })
    await page.locator('.opblock.is-open .microlight').first().waitFor()
    // One group has all that the others have; each rule looks at every element.
    await page.locator('.operation-filter-input').fill('repositories')
    await waitFor(async () => (await page.locator('.opblock').count()) < 12, 10_000)
    const { violations } = await new AxeBuilder({ page })
      // Of Swagger UI itself: the link inside of the button that opens an operation, and its scrolled examples.
      .disableRules(['nested-interactive', 'scrollable-region-focusable'])
      .analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => [id, nodes[0]?.target])).toEqual([])
    await page.context().close()
  })

  it('fits a telephone', async () => {
    const { page } = await visit('/docs#/Search/search.code', { viewport: { width: 390, height: 844 } })
    await page.locator('.opblock.is-open').waitFor()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    await page.context().close()
  })
})

describe('the files of the reference', () => {
  it('are named by their content, compressed, and kept for good', async () => {
    const page = await fetch(`${node.url}/docs`)
    const text = await page.text()
    const addresses = [...text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map((match) => match[1] ?? '')
    expect(addresses.length).toBeGreaterThan(4)
    for (const address of new Set(addresses)) {
      const response = await fetch(`${node.url}/${address}`, { headers: { 'accept-encoding': 'br' } })
      expect([address, response.status, response.headers.get('content-encoding')]).toEqual([address, 200, 'br'])
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(response.headers.get('content-security-policy')).toContain("script-src 'self'")
      const known = { 'if-none-match': response.headers.get('etag') ?? '' }
      expect((await fetch(`${node.url}/${address}`, { headers: known })).status).toBe(304)
      const plain = await fetch(`${node.url}/${address}`, { headers: { 'accept-encoding': 'identity' } })
      expect(plain.headers.get('content-encoding')).toBeNull()
      expect(await plain.text()).toBe(await response.text())
      expect((await fetch(`${node.url}/${address.replace(/v=.*/, 'v=other')}`)).headers.get('cache-control')).toBe(
        'no-cache',
      )
    }
  })

  it('are for reading alone, and nothing else is below them', async () => {
    const answer = async (path: string, method: string): Promise<number> =>
      (await fetch(`${node.url}${path}`, { method, redirect: 'manual' })).status
    expect(await answer('/docs', 'HEAD')).toBe(200)
    expect(await answer('/docs/page.js', 'POST')).toBe(405)
    expect(await answer('/docs', 'DELETE')).toBe(405)
    expect(await answer('/docs/', 'GET')).toBe(308)
    for (const path of ['/docs/swagger-ui.js', '/docs/..%2fopenapi.ts', '/docs/package.json', '/docs/a/b'])
      expect([path, await answer(path, 'GET')]).not.toEqual([path, 200])
  })

  it('leave the headers of everything else as strict as they were', async () => {
    const response = await fetch(`${node.url}/openapi.json`)
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})
