import { keepsEffects, refused } from '../core/failure.ts'
import { render } from '../core/render.ts'
import { DEFAULT_VERSION } from '../core/version.ts'
import { customerOf, objectOf } from '../core/world.ts'
import type { World } from '../core/world.ts'
import type { Card, Customer, JsonObject } from '../core/wire.ts'
import { deliver } from '../events/emit.ts'
import type { FaultState } from '../faults.ts'
import { completeSession } from '../resources/complete-session.ts'
import { closeDispute, openDispute } from '../resources/disputes.ts'

export interface Controls {
  readonly world: World
  readonly faults: FaultState
  readonly advance: (seconds: number) => Promise<void>
}
type Control = (controls: Controls, given: JsonObject, id: string) => JsonObject | Promise<JsonObject>

/** More at once is no test of anything, and takes long. */
export const LONGEST_ADVANCE = 10 * 366 * 86_400

const CONTROLS: readonly (readonly [RegExp, Control])[] = [
  [/^\/sandbox\/advance$/, advance],
  [/^\/sandbox\/faults$/, changeFaults],
  [/^\/sandbox\/settings$/, changeSettings],
  [/^\/sandbox\/customers\/([^/]+)\/card$/, changeCard],
  [/^\/sandbox\/checkout\/([^/]+)\/complete$/, complete],
  [/^\/sandbox\/disputes$/, dispute],
  [/^\/sandbox\/disputes\/([^/]+)\/close$/, endDispute],
  [/^\/sandbox\/events\/([^/]+)\/resend$/, resend],
]

/** What the world outside does: time passes, cards fail, banks take payments back. null when there is no such call. */
export function controlFor(path: string): ((controls: Controls, body: string) => Promise<JsonObject>) | null {
  for (const [pattern, control] of CONTROLS) {
    const match = pattern.exec(path)
    if (match === null) continue
    return async (controls, body) => {
      const given = parsed(body)
      return controls.world.store.transaction(() => control(controls, given, match[1] ?? ''), keepsEffects)
    }
  }
  return null
}

function parsed(body: string): JsonObject {
  let value: unknown
  try {
    value = body === '' ? {} : JSON.parse(body)
  } catch {
    throw refused('The body is not JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('The body is not a JSON object.')
  return Object.fromEntries(Object.entries(value))
}

function only(given: JsonObject, ...names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw refused(`Received unknown parameter: ${name}`, { code: 'parameter_unknown', param: name })
  }
}

async function advance({ world, advance: go }: Controls, given: JsonObject): Promise<JsonObject> {
  only(given, 'seconds')
  const seconds = given['seconds']
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_ADVANCE) {
    throw refused(`seconds is a whole number from 0 to ${LONGEST_ADVANCE}`, { param: 'seconds' })
  }
  await go(seconds)
  return { now: world.seconds(), at: new Date(world.seconds() * 1000).toISOString() }
}

function changeFaults({ faults }: Controls, given: JsonObject): JsonObject {
  try {
    faults.change(given)
  } catch (error) {
    if (error instanceof RangeError) throw refused(error.message)
    throw error
  }
  return { ...faults.now() }
}

function changeSettings({ world }: Controls, given: JsonObject): JsonObject {
  only(given, 'afterRetries')
  world.store.set({ afterRetries: choice(given, 'afterRetries', ['cancel', 'unpaid', 'past_due']) })
  return { afterRetries: world.store.settings.afterRetries }
}

function changeCard({ world }: Controls, given: JsonObject, id: string): JsonObject {
  only(given, 'state')
  const card = choice(given, 'state', ['ok', 'declines'])
  setCard(world, customerOf(world, id), card)
  return { customer: id, card }
}

export function setCard(world: World, customer: Customer, card: Card): void {
  world.store.put<Customer>({ ...customer, sandbox: { ...customer.sandbox, card } })
}

function complete({ world }: Controls, given: JsonObject, id: string): JsonObject {
  only(given, 'card', 'email')
  const card = given['card'] === undefined ? 'ok' : choice(given, 'card', ['ok', 'declines'])
  const email = given['email'] ?? null
  if (email !== null && (typeof email !== 'string' || !/^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email))) {
    throw refused('email is no address', { param: 'email' })
  }
  return shown(world, completeSession(world, objectOf(world, 'checkout.session', id), { card, email }))
}

function dispute({ world }: Controls, given: JsonObject): JsonObject {
  only(given, 'charge', 'reason')
  const { charge, reason = 'fraudulent' } = given
  if (typeof charge !== 'string')
    throw refused('Missing required param: charge.', { code: 'parameter_missing', param: 'charge' })
  if (typeof reason !== 'string' || !/^[a-z_]{1,40}$/.test(reason)) throw refused('Invalid reason', { param: 'reason' })
  return shown(world, openDispute(world, objectOf(world, 'charge', charge, 'charge'), reason))
}

function endDispute({ world }: Controls, given: JsonObject, id: string): JsonObject {
  only(given, 'outcome')
  return shown(world, closeDispute(world, objectOf(world, 'dispute', id), choice(given, 'outcome', ['won', 'lost'])))
}

function resend({ world }: Controls, given: JsonObject, id: string): JsonObject {
  only(given)
  const event = objectOf(world, 'event', id)
  const endpoints = world.store.all('webhook_endpoint').filter(({ status }) => status === 'enabled')
  for (const endpoint of endpoints) deliver(world, event, endpoint)
  return { event: id, deliveries: endpoints.length }
}

function choice<const T extends string>(given: JsonObject, name: string, values: readonly T[]): T {
  const found = values.find((value) => value === given[name])
  if (found === undefined) throw refused(`${name} is one of ${values.join(', ')}`, { param: name })
  return found
}

function shown(world: World, object: Parameters<typeof render>[0]): JsonObject {
  return render(object, DEFAULT_VERSION, world.url())
}
