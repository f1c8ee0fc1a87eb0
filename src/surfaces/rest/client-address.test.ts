import { describe, expect, it } from 'vitest'
import { addressTest, clientAddress } from './client-address.ts'

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8:ffff::/48', 'fe80::/10']
const addressOf = (socket: string | undefined, forwardedFor?: string, proxies: readonly string[] = PROXIES): string =>
  clientAddress({ socket, forwardedFor }, addressTest(proxies))

describe('the address of a client', () => {
  it.each([
    ['IPv4', '203.0.113.9', '203.0.113.9'],
    ['IPv4 mapped into IPv6', '::ffff:203.0.113.9', '203.0.113.9'],
    ['the same in hexadecimal', '0:0:0:0:0:FFFF:cb00:7109', '203.0.113.9'],
    ['IPv6 by its /64', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['compressed IPv6', '2001:db8::1', '2001:db8::/64'],
    ['IPv6 with a zero in its network', '2001:DB8:0:1::1', '2001:db8:0:1::/64'],
    ['IPv6 of the last group', '1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['IPv6 with a zone', 'fe80::1%eth0', 'fe80::/64'],
    ['loopback', '::1', '::/64'],
    ['no socket', undefined, 'unknown'],
  ])('is that of the socket: %s', (_, socket, expected) => {
    expect(addressOf(socket)).toBe(expected)
  })

  it('is not what anybody else than a trusted proxy says', () => {
    expect(addressOf('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9')
    expect(addressOf('10.0.0.1', '198.51.100.1', [])).toBe('10.0.0.1')
    expect(addressOf(undefined, '198.51.100.1', ['0.0.0.0/0', '::/0'])).toBe('unknown')
  })

  it.each([
    ['what the proxy says', '198.51.100.1', '198.51.100.1'],
    ['the first from the right that is no proxy', '1.1.1.1, 198.51.100.1, 10.9.9.9,192.0.2.7', '198.51.100.1'],
    ['the farthest proxy, when all are', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['a proxy by IPv6', '198.51.100.1, 2001:db8:ffff::5', '198.51.100.1'],
    ['a proxy by mapped IPv4', '198.51.100.1, ::ffff:10.2.2.2', '198.51.100.1'],
    ['IPv6 by its /64', '2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['IPv4 with a port', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6 with a port', '[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
    ['IPv6 in brackets', '[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
    ['the last good one before a malformed one', '198.51.100.1, unknown, 10.2.2.2', '10.2.2.2'],
    ['the socket before a malformed one', '198.51.100.1, 999.1.1.1', '10.1.1.1'],
    ['the socket before an empty one', '198.51.100.1,', '10.1.1.1'],
    ['the socket when there is nothing', '', '10.1.1.1'],
  ])('behind a trusted proxy is %s', (_, forwardedFor, expected) => {
    expect(addressOf('10.1.1.1', forwardedFor)).toBe(expected)
  })

  it('knows a proxy by its mapped and by its link-local address', () => {
    expect(addressOf('::ffff:10.1.1.1', '198.51.100.1')).toBe('198.51.100.1')
    expect(addressOf('fe80::7%eth0', '198.51.100.1')).toBe('198.51.100.1')
    expect(addressOf('10.1.1.1', '198.51.100.1', ['::ffff:10.0.0.0/104'])).toBe('198.51.100.1')
  })
})

describe('a list of proxies', () => {
  it.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0',
    'fe80::1%1',
  ])('may not have the entry "%s"', (entry) => {
    expect(() => addressTest(['10.0.0.1', entry])).toThrow(TypeError)
  })
})
