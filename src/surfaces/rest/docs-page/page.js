// @ts-nocheck -- it runs in a browser; the checker knows the types of the server alone.

const DARK = matchMedia('(prefers-color-scheme: dark)')
const paint = () => document.documentElement.classList.toggle('dark-mode', DARK.matches)
paint()
DARK.addEventListener('change', paint)

/** The filter of Swagger UI knows groups alone; this one finds operations by all that names them. */
function findOperations(groups, phrase) {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean)
  const has = (text) => words.every((word) => text.toLowerCase().includes(word))
  return groups
    .map((group, tag) =>
      has(tag)
        ? group
        : group.update('operations', (operations) =>
            operations.filter((one) =>
              has(
                [
                  tag,
                  one.get('method'),
                  one.get('path'),
                  one.getIn(['operation', 'summary']),
                  one.getIn(['operation', 'operationId']),
                ].join(' '),
              ),
            ),
          ),
    )
    .filter((group) => group.get('operations').size > 0)
}

/** Swagger UI would scroll below what stays at the top of the page. */
function scrollToElement(_original, system) {
  return (element) => {
    system.layoutActions.clearScrollTo()
    element.scrollIntoView()
  }
}

/** Swagger UI takes a filter that leaves nothing for a document without operations. */
function operationsOrNone(Operations, { React, layoutSelectors, specSelectors }) {
  return (props) => {
    const phrase = layoutSelectors.currentFilter()
    const filtered = typeof phrase === 'string' && phrase.trim() !== ''
    return filtered && findOperations(specSelectors.taggedOperations(), phrase).size === 0
      ? React.createElement('p', { className: 'waiting', role: 'status' }, `No operation matches “${phrase}”.`)
      : React.createElement(Operations, props)
  }
}

function show(error) {
  const text = document.createElement('p')
  text.className = 'waiting'
  text.setAttribute('role', 'alert')
  text.textContent = `The reference can not be shown: ${error.message}. Reload the page to try again.`
  document.querySelector('#ui').replaceChildren(text)
}

/** It is for programs: a call from this page would be sent with its example, as if it came from one. */
function forgetClientHeader(spec) {
  for (const path of Object.values(spec.paths)) {
    for (const operation of Object.values(path)) {
      operation.parameters = operation.parameters?.filter(({ name }) => name !== 'X-Tenon-Client')
    }
  }
}

async function draw() {
  const response = await fetch('openapi.json')
  if (!response.ok) throw new Error(`openapi.json answers ${response.status}`)
  const spec = await response.json()
  // Calls go to where the page came from, under whatever name the reader has for it.
  const here = new URL('.', location.href)
  spec.servers = [{ url: here.href.replace(/\/$/, '') }]
  forgetClientHeader(spec)
  SwaggerUIBundle({
    spec,
    dom_id: '#ui',
    layout: 'BaseLayout',
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [
      {
        fn: { opsFilter: findOperations },
        wrapComponents: { operations: operationsOrNone },
        statePlugins: { layout: { wrapActions: { scrollToElement } } },
      },
    ],
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    defaultModelExpandDepth: 3,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    onComplete: complete,
  })
}

/** What Swagger UI leaves without a name or a way. */
function complete() {
  const filter = document.querySelector('.operation-filter-input')
  // The document is known before it is drawn.
  if (filter === null || document.querySelector('.opblock') === null) {
    requestAnimationFrame(complete)
    return
  }
  // The page has one main part already.
  document.querySelector('#operations').setAttribute('role', 'presentation')
  filter.placeholder = 'Filter by path, name or method'
  filter.setAttribute('aria-label', 'Filter operations')
  filter.type = 'search'
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, textarea, select')) return
    event.preventDefault()
    filter.focus()
  })
  addEventListener('click', (event) => {
    // Of the fields for keys, Swagger UI would begin at the last.
    if (event.target.closest('.authorize.unlocked, .authorization__btn') === null) return
    setTimeout(() => document.querySelector('.modal-ux input')?.focus())
  })
  const links = [...document.querySelectorAll('.groups a')]
  for (const link of links) {
    link.addEventListener('click', (event) => {
      const heading = headingOf(link)
      if (heading === null) return
      event.preventDefault()
      history.replaceState(null, '', link.getAttribute('href'))
      heading.scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' })
      heading.querySelector('button')?.focus({ preventScroll: true })
    })
  }
  followScrolling(links)
}

/** Swagger UI writes the name of a group into an id with underscores. */
function headingOf(link) {
  return document.getElementById(`operations-tag-${link.textContent.replaceAll(' ', '_')}`)
}

/** Marks the group that is being read. */
function followScrolling(links) {
  let waiting = false
  const mark = () => {
    waiting = false
    const passed = links.filter((link) => (headingOf(link)?.getBoundingClientRect().top ?? Infinity) < 160)
    const current = passed.at(-1) ?? links[0]
    for (const link of links) {
      if (link === current) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
  }
  addEventListener(
    'scroll',
    () => {
      if (!waiting) requestAnimationFrame(mark)
      waiting = true
    },
    { passive: true },
  )
  mark()
}

draw().catch(show)
