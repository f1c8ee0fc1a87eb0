import { lookup as dnsLookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { TenonError } from '../../kernel/tenon-error.ts'

/** One address that a connection may be made to. */
export interface PinnedAddress {
  /** IPv4 or IPv6 in text form, without brackets. */
  readonly address: string
  readonly family: 4 | 6
}

/** Resolves a host to all its addresses; `dns.lookup` with `all: true`, so `/etc/hosts` counts. */
export type LookupAll = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

export interface ResolveOptions {
  /** Hosts that may have private addresses: `host`, `host:port`, `*.example.org`, `*.example.org:port`. */
  readonly allowHosts: readonly string[]
  /** The port that will be connected to; only `host:port` entries look at it. */
  readonly port?: number
  readonly lookup?: LookupAll
}

/**
 * Resolves a host (as `new URL(…).hostname` gives it: lower case, IPv4 spellings normalised, IPv6 in brackets) and
 * answers the address to connect to. **All** of its addresses must be public, or the host be listed in `allowHosts`:
 * a resolver that mixes a public and a private answer must not win by order. The caller connects to the answer and
 * never resolves again, so that a name which changes between check and use (DNS rebinding) changes nothing.
 *
 * @throws TenonError `source_forbidden` when an address is private or reserved, `source_unreachable` when the name
 * has no address.
 */
export async function resolvePublicAddress(host: string, options: ResolveOptions): Promise<PinnedAddress> {
  const name = bareHost(host)
  const addresses = isIP(name) === 0 ? await lookUp(name, options.lookup ?? lookupAll) : [name]
  if (!isAllowedHost(name, options.allowHosts, options.port) && !addresses.every(isPublicAddress))
    throw new TenonError('source_forbidden', { details: { reason: 'private_address' } })
  // IPv4 first: hosts without an IPv6 route are common, and one pinned address leaves nothing to fall back to.
  const address = addresses.find((candidate) => isIP(candidate) === 4) ?? addresses[0]
  if (address === undefined) throw new TenonError('source_unreachable', { details: { reason: 'name_not_resolved' } })
  return { address, family: isIP(address) === 4 ? 4 : 6 }
}

/** Whether an IPv4 or IPv6 address belongs to the public internet. What isn't an address is not public. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !RESERVED_IPV4.check(address, 'ipv4')
  if (family !== 6) return false
  const plain = address.split('%')[0] ?? ''
  if (plain !== address) return false
  const mapped = embeddedIpv4(plain)
  if (mapped !== null) return isPublicAddress(mapped)
  return GLOBAL_IPV6.check(plain, 'ipv6') && !RESERVED_IPV6.check(plain, 'ipv6')
}

/** Whether an operator listed this host; `*.example.org` stands for every name below it, not for itself. */
export function isAllowedHost(host: string, allowHosts: readonly string[], port?: number): boolean {
  const name = bareHost(host).toLowerCase()
  return allowHosts.some((entry) => {
    const { pattern, entryPort } = splitEntry(entry.trim().toLowerCase())
    if (entryPort !== null && entryPort !== port) return false
    if (pattern.startsWith('*.')) return name.length > pattern.length - 1 && name.endsWith(pattern.slice(1))
    return pattern === name
  })
}

async function lookUp(name: string, lookup: LookupAll): Promise<string[]> {
  try {
    return (await lookup(name)).map((answer) => answer.address)
  } catch (cause) {
    throw new TenonError('source_unreachable', { details: { reason: 'name_not_resolved' }, cause })
  }
}

const lookupAll: LookupAll = (host) => dnsLookup(host, { all: true, order: 'verbatim' })

function bareHost(host: string): string {
  const name = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function splitEntry(entry: string): { pattern: string; entryPort: number | null } {
  const match = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(entry)
  if (match === null) return { pattern: bareHost(entry), entryPort: null }
  return { pattern: bareHost(match[1] ?? ''), entryPort: match[2] === undefined ? null : Number(match[2]) }
}

/** The IPv4 address inside `::ffff:0:0/96`, the only prefix whose packets leave as that IPv4 address. */
function embeddedIpv4(address: string): string | null {
  if (!IPV4_MAPPED.check(address, 'ipv6')) return null
  // The URL parser writes every IPv6 address in its one canonical form: hexadecimal, compressed.
  const canonical = new URL(`https://[${address}]/`).hostname.slice(1, -1)
  const groups = canonical.split(':').slice(-2)
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group === '' ? '0' : group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function blockList(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family)
  return list
}

/** IANA's special-purpose registry for IPv4, with multicast and the reserved class E. */
const RESERVED_IPV4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
])

const IPV4_MAPPED = blockList('ipv6', [['::ffff:0:0', 96]])

/** Only global unicast is public: everything outside 2000::/3 (::, ::1, NAT64, ULA, link-local, multicast …) is not. */
const GLOBAL_IPV6 = blockList('ipv6', [['2000::', 3]])

/** Inside 2000::/3: protocol assignments with Teredo and ORCHID, documentation, 6to4, direct delegation. */
const RESERVED_IPV6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
])
