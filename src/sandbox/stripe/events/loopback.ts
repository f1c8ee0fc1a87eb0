import { badParam } from '../core/failure.ts'

/** The sandbox sends nothing to other machines. @throws StripeFailure `url_invalid` */
export function checkLoopback(url: string, param: string): string {
  const { hostname, username } = new URL(url)
  const own = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
  if (own && username === '') return url
  throw badParam(
    param,
    `Not a valid URL: the sandbox delivers to this machine only (127.0.0.1, localhost or [::1])`,
    'url_invalid',
  )
}
