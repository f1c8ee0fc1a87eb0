import { expect, it } from 'vitest'
import { keptText } from './git.ts'

const token = 'a-secret-token-of-forty-characters-or-so'
const credential = { username: 'x', token }
const sent = Buffer.from(`x:${token}`).toString('base64')

it('what git says is kept without the token, wherever it is cut', () => {
  for (const secret of [token, sent])
    for (let before = 4_050; before < 4_150; before++)
      for (const after of [4_000, 4_096, 4_140, 20_000]) {
        const kept = keptText(credential)
        const text = `${'-'.repeat(before)}${secret}${'-'.repeat(after)}`
        for (let at = 0; at < text.length; at += 1_021) kept.add(Buffer.from(text.slice(at, at + 1_021)))
        const shown = kept.text()
        for (let at = 0; at + 8 <= secret.length; at++) expect(shown.includes(secret.slice(at, at + 8))).toBe(false)
      }
})

it('what git says is kept with its beginning and its end', () => {
  const kept = keptText(undefined)
  for (let n = 0; n < 100; n++) kept.add(Buffer.from(`${n} ${'-'.repeat(1_000)}`))
  expect(kept.text().length).toBe(8_192)
  expect(kept.text()).toMatch(/^0 -.*99 -+$/)
})
