import type { RawMap } from '../core/form.ts'
import { render } from '../core/render.ts'
import type { World } from '../core/world.ts'
import type { JsonObject, List, Stored } from '../core/wire.ts'

export interface Call {
  readonly world: World
  /** What `:id` in the path is; empty when there is none. */
  readonly id: string
  readonly params: RawMap
  readonly version: string
}
/** Runs whole or not at all, and without waiting: no other request sees half of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly run: (call: Call) => JsonObject
}
type Shown = Exclude<Stored, { object: 'event' }>

export function show({ world, version }: Call, object: Shown): JsonObject {
  return render(object, version, world.url())
}

export function showList(call: Call, list: List<Shown>): JsonObject {
  return { ...list, data: list.data.map((object) => show(call, object)) }
}
