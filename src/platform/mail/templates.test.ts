import { describe, expect, it } from 'vitest'
import { renderMail, type MailContent } from './templates.ts'

const URL_BASE = 'https://tenon.example'
const EVIL = '<img src=x onerror="alert(1)">\r\nBcc: eve@example.com'
const ALL: readonly MailContent[] = [
  { template: 'verification', name: EVIL, token: 'a"b' },
  { template: 'password-reset', name: EVIL, token: 'a"b' },
  { template: 'address-in-use', name: EVIL },
  { template: 'invitation', inviter: EVIL, organization: EVIL, role: 'admin', token: 'a"b' },
  { template: 'payment-failed', organization: EVIL, amount: '19.00 USD', url: 'https://pay.example/?a="b' },
]

describe('a mail of each kind', () => {
  for (const content of ALL)
    it(`${content.template}: no name is markup, a second header or a broken link`, () => {
      const { subject, text, html } = renderMail(content, URL_BASE)
      expect(subject).not.toMatch(/[\r\n]/)
      expect(html).not.toContain('<img')
      expect([...html.matchAll(/href="([^"]*)"/g)].every(([, href = '']) => URL.canParse(href))).toBe(true)
      for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g))
        expect(text).toContain(href.replaceAll('&quot;', '"'))
    })

  it('greets by name, also with letters of other scripts', () => {
    for (const name of ['Ada Lovelace', "Conan O'Brien", '山田太郎', 'Zoë-Ann'])
      expect(renderMail({ template: 'address-in-use', name }, URL_BASE).text).toContain(`Hello ${name},`)
  })
})
