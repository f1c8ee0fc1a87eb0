const EXTENSION = String.raw`\.[mc]?[jt]sx?$`
const APP_ROUTE = new RegExp(String.raw`(?:^|/)app/(.*/)?route${EXTENSION}`)
const API_PAGE = new RegExp(String.raw`(?:^|/)pages/(api(?:/.*)?)${EXTENSION}`)

/**
 * The route that a file answers because of where it stands, as Next.js has it: `route.ts` below `app`, and what is below `pages/api`; null
 * for any other file. https://nextjs.org/docs/app/getting-started/project-structure
 */
export function routeOfPath(path: string): string | null {
  const app = APP_ROUTE.exec(path)
  if (app !== null) return routeOf((app[1] ?? '').split('/'))
  const page = API_PAGE.exec(path)?.[1]
  return page === undefined ? null : routeOf(page.replace(/(?:^|\/)index$/, '').split('/'))
}

/** Groups, slots and private folders are no part of a route. */
function routeOf(segments: readonly string[]): string {
  return `/${segments.filter((segment) => segment !== '' && !/^(?:\(.*\)|@.*|_.*)$/.test(segment)).join('/')}`
}
