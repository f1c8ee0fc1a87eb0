import { missingResource } from '../core/failure.ts'
import { newestFirst, paging } from '../core/page.ts'
import { boolean, expand, list, range, shape, text, within } from '../core/params.ts'
import { DEFAULT_VERSION } from '../core/version.ts'
import { pending, renderEvent } from '../events/render-event.ts'
import type { Route } from './route.ts'

const listed = shape({
  ...paging,
  created: range,
  delivery_success: boolean,
  type: text(),
  types: list(text(), { max: 20 }),
})
const nothing = shape(expand)

export const events: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events',
    run({ world, params }) {
      const { created, delivery_success: success, type, types, ...given } = listed(params)
      const all = world.store
        .all('event')
        .filter(
          (event) =>
            within(event.created, created) &&
            (type === undefined || fits(event.type, type)) &&
            (types?.includes(event.type) ?? true) &&
            (success === undefined || (pending(world, event.id) === 0) === success),
        )
      const page = newestFirst(all, given, '/v1/events')
      return { ...page, data: page.data.map((event) => renderEvent(world, event, DEFAULT_VERSION)) }
    },
  },
  {
    method: 'GET',
    path: '/v1/events/:id',
    run({ world, params, id }) {
      nothing(params)
      const event = world.store.get('event', id)
      if (event === undefined) throw missingResource('event', id)
      return renderEvent(world, event, DEFAULT_VERSION)
    },
  },
]

/** `charge.*` names all types of charges. */
function fits(type: string, wanted: string): boolean {
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}
