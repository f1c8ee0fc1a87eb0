import { BlockList, isIP } from 'node:net'

/** Of a call that came by no socket, or whose client had left before it was asked. */
const UNKNOWN = 'unknown'

/** Whether an address, as this module writes it, is in one of some ranges. */
export type AddressTest = (address: string) => boolean

export interface AddressSources {
  /** What the operating system says. */
  readonly socket: string | undefined
  /** `X-Forwarded-For`, to which each proxy adds on the right whom it was called by. */
  readonly forwardedFor: string | undefined
}

/**
 * The address that a call is counted on: that of the socket, unless a trusted proxy stands there, which tells whom it
 * was called by. What stands left of the first untrusted address is hearsay, and whatever follows a malformed entry too.
 */
export function clientAddress({ socket, forwardedFor }: AddressSources, isTrustedProxy: AddressTest): string {
  let client = parseAddress(socket ?? '')
  if (client === null) return UNKNOWN
  if (forwardedFor !== undefined) {
    for (const entry of forwardedFor.split(',').toReversed()) {
      if (!isTrustedProxy(client)) break
      const address = parseAddress(withoutPort(entry.trim()))
      if (address === null) break
      client = address
    }
  }
  return isIP(client) === 4 ? client : networkOf(client)
}

/** @throws TypeError on an entry that is neither an address nor a CIDR range. */
export function addressTest(entries: readonly string[]): AddressTest {
  if (entries.length === 0) return () => false
  const list = new BlockList()
  for (const entry of entries) addRange(list, entry)
  return (address) => list.check(address, familyOf(address))
}

function addRange(list: BlockList, entry: string): void {
  const [network = '', prefix, ...more] = entry.split('/')
  const bits = isIP(network) === 4 ? 32 : 128
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (isIP(network) === 0 || network.includes('%') || !(length <= bits) || more.length > 0)
    throw new TypeError(`Neither an address nor a CIDR range: ${entry}`)
  list.addSubnet(network, length, familyOf(network))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

/** Without its zone; IPv4 that is mapped into IPv6 becomes IPv4. Null when it is no address. */
function parseAddress(text: string): string | null {
  const family = isIP(text)
  if (family === 4) return text
  if (family === 0) return null
  const address = text.replace(/%.*$/, '')
  const groups = groupsOf(address)
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return address
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.')
}

/** Some proxies write the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const match = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/.exec(entry)
  return match?.[1] ?? match?.[2] ?? entry
}

/** One host has a whole /64 to call from, so that its addresses are counted together. */
function networkOf(address: string): string {
  const network = groupsOf(address)
    .slice(0, 4)
    .map((group) => group.toString(16))
  return `${canonical(`${network.join(':')}::`)}/64`
}

function groupsOf(address: string): number[] {
  const [head = [], tail = []] = canonical(address)
    .split('::')
    .map((part) => part.split(':').flatMap((group) => (group === '' ? [] : Number.parseInt(group, 16))))
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** The URL parser writes every IPv6 address in its one canonical form: hexadecimal, compressed. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}
