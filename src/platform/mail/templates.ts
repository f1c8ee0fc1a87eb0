/** What is known of a mail when it is caused. Links are made when it is sent. */
export type MailContent =
  | { readonly template: 'verification'; readonly name: string; readonly token: string }
  | { readonly template: 'password-reset'; readonly name: string; readonly token: string }
  | { readonly template: 'address-in-use'; readonly name: string }
  | {
      readonly template: 'invitation'
      readonly inviter: string
      readonly organization: string
      readonly role: string
      readonly token: string
    }
  | {
      readonly template: 'payment-failed'
      readonly organization: string
      /** As it is shown, with its currency. */
      readonly amount: string
      /** Where a payment method can be changed. */
      readonly url: string
    }
export type MailTemplate = MailContent['template']

interface Letter {
  readonly subject: string
  readonly greeting: string
  readonly paragraphs: readonly string[]
  readonly action: { readonly label: string; readonly url: string } | null
  readonly closing: string
}

export interface Rendered {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export function renderMail(content: MailContent, publicUrl: string): Rendered {
  const letter = letterOf(content, publicUrl)
  return { subject: letter.subject, text: textOf(letter), html: htmlOf(letter) }
}

function letterOf(content: MailContent, publicUrl: string): Letter {
  const page = (path: string, token: string): string => `${publicUrl}/${path}?token=${encodeURIComponent(token)}`
  switch (content.template) {
    case 'verification':
      return {
        subject: 'Confirm your e-mail address',
        greeting: greetingOf(content.name),
        paragraphs: ['Please confirm that this address is yours. The link works once, for 24 hours.'],
        action: { label: 'Confirm address', url: page('accounts/verify', content.token) },
        closing: 'If you have not signed up, do nothing: without a confirmation nobody can use the account.',
      }
    case 'password-reset':
      return {
        subject: 'Set a new password',
        greeting: greetingOf(content.name),
        paragraphs: [
          'Somebody has asked for a new password for your account. The link works once, for an hour. When it is used, all sessions end.',
        ],
        action: { label: 'Set a new password', url: page('accounts/reset', content.token) },
        closing: 'If it was not you, do nothing: your password stays as it is.',
      }
    case 'address-in-use':
      return {
        subject: 'You already have an account',
        greeting: greetingOf(content.name),
        paragraphs: [
          'Somebody has tried to sign up with this address, for which there is an account already. Nothing was changed.',
          'If it was you: sign in with your password, or set a new one.',
        ],
        action: null,
        closing: 'If it was not you, do nothing.',
      }
    case 'invitation':
      return {
        subject: `Invitation to ${oneLine(content.organization)}`,
        greeting: 'Hello,',
        paragraphs: [
          `${oneLine(content.inviter)} invites you to the organisation ${oneLine(content.organization)} as ${oneLine(content.role)}.`,
          'The link works once, and only for the account with this address.',
        ],
        action: { label: 'Accept the invitation', url: page('invitations', content.token) },
        closing: 'If you do not know who this is, do nothing.',
      }
    case 'payment-failed':
      return {
        subject: `Payment failed for ${oneLine(content.organization)}`,
        greeting: 'Hello,',
        paragraphs: [
          `The payment of ${oneLine(content.amount)} for ${oneLine(content.organization)} has failed.`,
          'Please check your payment method. The payment is tried again in the next days; after that the plan ends.',
        ],
        action: { label: 'Check the payment method', url: content.url },
        closing: 'If you have paid meanwhile, do nothing.',
      }
  }
}

/** A name that could be a message to a stranger is left out: anybody can sign up with any address. */
function greetingOf(name: string): string {
  return name.length <= 60 && /^[\p{L}\p{M}\p{N} '’-]+$/u.test(name) ? `Hello ${name},` : 'Hello,'
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function textOf({ greeting, paragraphs, action, closing }: Letter): string {
  const link = action === null ? [] : [`${action.label}:\n${action.url}`]
  return `${[greeting, ...paragraphs, ...link, closing, '-- \nTenon'].join('\n\n')}\n`
}

const PARAGRAPH = 'margin:0 0 16px;font-size:16px;line-height:1.5'
const BUTTON =
  'display:inline-block;padding:12px 20px;border-radius:8px;background:#0f766e;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none'

function htmlOf({ subject, greeting, paragraphs, action, closing }: Letter): string {
  const lines = [greeting, ...paragraphs].map((line) => `<p style="${PARAGRAPH}">${escaped(line)}</p>`)
  const link =
    action === null
      ? ''
      : `<p style="margin:24px 0"><a href="${escaped(action.url)}" style="${BUTTON}">${escaped(action.label)}</a></p>
<p style="margin:0 0 24px;font-size:13px;line-height:1.5;color:#626b75;word-break:break-all">${escaped(action.url)}</p>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(subject)}</title>
</head>
<body style="margin:0;padding:24px 16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif">
<div style="max-width:480px;margin:0 auto">
<p style="margin:0 0 24px;font-size:18px;font-weight:700">Tenon</p>
${lines.join('\n')}
${link}
<p style="margin:24px 0 0;font-size:14px;line-height:1.5;color:#626b75">${escaped(closing)}</p>
</div>
</body>
</html>
`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
