import { tracedInside } from '../../kernel/trace.ts'
import { httpFetch } from './fetch.ts'

/** For what a call asks of others: a span of its trace until the answer begins. Of the address it has the host alone. */
export function tracedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const method = init.method ?? 'GET'
  const attributes = { 'http.request.method': method, 'server.address': new URL(url).hostname }
  return tracedInside(method, { kind: 'client', attributes }, async (span) => {
    const response = await httpFetch(url, init)
    span.set({ 'http.response.status_code': response.status })
    if (response.status >= 400) span.fail(String(response.status))
    return response
  })
}
