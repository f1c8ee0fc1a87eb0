/** Numbers of cards, bank accounts and telephones in a text: only what its check digits or its `+` make certain. */

/** Digits together, in fours, or as American Express prints them. */
const CARD = /(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\w-])/g
/** What issuers begin their numbers with: no time of this century in milli-, micro- or nanoseconds does. */
const ISSUED = /^(?:4|5[0-8]|2(?:2[2-9]|[3-6]|7[01])|3[0-9]|6)/
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/g
/** International form; digits in groups, none of them far from the next. */
const PHONE = /(?<![\w+.])\+[1-9](?:[ .\-/()]{0,2}\d){7,14}(?!\d)/g

/** Characters of an IBAN by country, as its registry says. */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 ' +
    'LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 ' +
    'SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

/** Whether a text may hold one: cheap, and often true of what holds none. */
export const MAY_HOLD_NUMBER = /\d{13}|\d{4}[ -]\d{4}|\+\d|[A-Z]{2}\d{2}/

export function maskAccountNumbers(text: string): string {
  return text
    .replaceAll(CARD, (found) => (isCardNumber(found) ? '[card]' : found))
    .replaceAll(IBAN, maskIban)
    .replaceAll(PHONE, '[phone]')
}

function isCardNumber(found: string): boolean {
  const digits = found.replaceAll(/\D/g, '')
  return ISSUED.test(digits) && hasLuhnDigit(digits)
}

function hasLuhnDigit(digits: string): boolean {
  let sum = 0
  for (const [place, digit] of digits.split('').toReversed().entries()) {
    const doubled = place % 2 === 1 ? Number(digit) * 2 : Number(digit)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** As much as an IBAN of its country has; a word that follows it stays. */
function maskIban(found: string): string {
  const length = IBAN_LENGTHS.get(found.slice(0, 2))
  if (length === undefined) return found
  let end = 0
  for (let seen = 0; seen < length && end < found.length; end++) if (!/[ -]/.test(found[end] ?? '')) seen += 1
  const iban = found.slice(0, end).replaceAll(/[ -]/g, '')
  return iban.length === length && hasIbanDigits(iban) ? `[iban]${found.slice(end)}` : found
}

function hasIbanDigits(iban: string): boolean {
  let remainder = 0
  for (const character of iban.slice(4) + iban.slice(0, 4))
    for (const digit of Number.parseInt(character, 36).toString()) remainder = (remainder * 10 + Number(digit)) % 97
  return remainder === 1
}
