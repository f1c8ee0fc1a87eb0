// @ts-nocheck -- it runs in a browser; the checker knows the types of the server alone.

// What the pages of mails do, when the person presses the button and not before.

const root = document.documentElement.dataset.root
const token = new URLSearchParams(location.search).get('token') ?? ''
// The token stands in no history and is told to nobody.
history.replaceState(null, '', location.pathname)

const problem = document.querySelector('.problem[role="alert"]')
const forms = new Map([...document.querySelectorAll('form')].map((form) => [form.dataset.page, form]))

async function ask(path, body) {
  const response = await fetch(new URL(`${root}v1/${path}`, location.href), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (answer.error !== undefined) throw answer.error
  return answer.data
}

function show(name) {
  for (const [each, form] of forms) form.hidden = each !== name
  forms.get(name)?.querySelector('input:not([hidden])')?.focus()
}

function finish(selector) {
  for (const form of forms.values()) form.hidden = true
  const done = document.querySelector(selector)
  done.hidden = false
  done.tabIndex = -1
  done.focus()
}

const valuesOf = (form) => Object.fromEntries(new FormData(form))

/** Asked for anew where nobody is signed in yet. */
async function accept() {
  try {
    const { org } = await ask('invitations/accept', { token })
    document.querySelector('[data-org]').textContent = org.name
    finish('[data-done]')
  } catch (error) {
    if (error.code !== 'unauthenticated' && error.code !== 'invalid_api_key') throw error
    show('sign-in')
  }
}

let challenge = ''

const ACTIONS = {
  verify: async () => {
    await ask('accounts/verify', { token })
    finish('[data-done]')
  },
  reset: async (form) => {
    await ask('accounts/password-reset/confirm', { token, password: valuesOf(form).password })
    finish('[data-done]')
  },
  invitation: accept,
  'sign-in': async (form) => {
    const { secondFactor } = await ask('sessions', { ...valuesOf(form), cookie: true })
    if (secondFactor === null) return accept()
    challenge = secondFactor.challenge
    show('second-factor')
  },
  'second-factor': async (form) => {
    await ask('sessions/second-factor', { challenge, code: valuesOf(form).code, cookie: true })
    await accept()
  },
  'sign-up': async (form) => {
    await ask('accounts', valuesOf(form))
    finish('[data-signed-up]')
  },
}

function say(error) {
  const reason = error.details?.issues?.[0]?.message
  problem.textContent =
    typeof error.message === 'string' && error.code !== undefined
      ? [error.message, reason].filter((text) => text !== undefined).join(' ')
      : 'The server could not be reached. Please try again.'
  problem.hidden = false
}

for (const [name, form] of forms) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button[type="submit"]')
    if (button.getAttribute('aria-busy') === 'true') return
    problem.hidden = true
    button.setAttribute('aria-busy', 'true')
    try {
      await ACTIONS[name](form)
    } catch (error) {
      say(error)
    } finally {
      button.removeAttribute('aria-busy')
    }
  })
}

for (const box of document.querySelectorAll('[data-show]')) {
  box.addEventListener('change', () => {
    document.getElementById(box.dataset.show).type = box.checked ? 'text' : 'password'
  })
}

for (const button of document.querySelectorAll('[data-to]')) {
  button.addEventListener('click', () => {
    problem.hidden = true
    show(button.dataset.to)
  })
}
