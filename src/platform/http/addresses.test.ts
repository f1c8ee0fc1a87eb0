import { describe, expect, it } from 'vitest'
import { isAllowedHost, isPublicAddress, resolvePublicAddress } from './addresses.ts'

const answers = (...addresses: string[]) => {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
}
const resolve = (host: string, addresses: string[], allowHosts: string[] = [], port?: number) =>
  resolvePublicAddress(host, { allowHosts, lookup: answers(...addresses), ...(port === undefined ? {} : { port }) })

describe('which addresses are public', () => {
  it.each([
    '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.255 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1',
    '192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255',
    ':: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a00:1 64:ff9b::808:808',
    '64:ff9b:1::1 2002:7f00:1:: 2001::1 2001:db8::1 3fff::1 fc00::1 fd12::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 100::1',
    'localhost example.org 1.2.3 999.1.1.1',
  ])('refuses the special ranges: %s', (list) => {
    expect(list.split(' ').filter(isPublicAddress)).toEqual([])
  })

  it('accepts public ones, also as IPv4 mapped into IPv6', () => {
    const list =
      '1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8'
    expect(list.split(' ').filter((address) => !isPublicAddress(address))).toEqual([])
  })
})

describe('resolving a host', () => {
  it('refuses a host when any of its addresses is private, in any order', async () => {
    for (const list of [
      ['93.184.216.34', '10.0.0.1'],
      ['::1', '93.184.216.34'],
      ['93.184.216.34', '::ffff:a9fe:a9fe'],
    ])
      await expect(resolve('mixed.example.org', list)).rejects.toMatchObject({ code: 'source_forbidden' })
  })

  it.each([
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '127.1',
    '[::ffff:7f00:1]',
    '[::1]',
    '169.254.169.254',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::7f00:1]',
    '[::ffff:0:7f00:1]',
    '[::7f00:1]',
    '[2002:7f00:1::]',
    '0',
    '0x7f000001',
    '017700000001',
    '127.0.0.1.',
    '①②⑦.0.0.1',
  ])('refuses the literal %s as the URL parser reads it', async (literal) => {
    const { hostname } = new URL(`https://${literal}/a/b`)
    await expect(resolve(hostname, ['8.8.8.8'])).rejects.toMatchObject({ code: 'source_forbidden' })
  })

  it('asks once, so that a name which changes its answer changes nothing', async () => {
    const lists = [['93.184.216.34'], ['127.0.0.1']]
    let asked = 0
    const lookup = async () => answers(...(lists[asked++] ?? []))()
    expect(await resolvePublicAddress('rebinding.example.org', { allowHosts: [], lookup })).toEqual({
      address: '93.184.216.34',
      family: 4,
    })
    expect(asked).toBe(1)
    await expect(resolvePublicAddress('rebinding.example.org', { allowHosts: [], lookup })).rejects.toMatchObject({
      code: 'source_forbidden',
    })
  })

  it('asks for the name without the dot at its end, and in ASCII', async () => {
    const names: string[] = []
    const lookup = async (name: string) => {
      names.push(name)
      return answers(name === 'localhost' ? '127.0.0.1' : '8.8.8.8')()
    }
    for (const text of ['example.org.', 'bücher.example', 'EXAMPLE.org'])
      await resolvePublicAddress(new URL(`https://${text}/`).hostname, { allowHosts: [], lookup })
    expect(names).toEqual(['example.org', 'xn--bcher-kva.example', 'example.org'])
    await expect(resolvePublicAddress('localhost.', { allowHosts: [], lookup })).rejects.toMatchObject({
      code: 'source_forbidden',
    })
  })

  it('answers the checked address, IPv4 before IPv6', async () => {
    expect(await resolve('git.example.org', ['2606:4700::1111', '93.184.216.34'])).toEqual({
      address: '93.184.216.34',
      family: 4,
    })
    expect(await resolve('[2606:4700::1111]', [])).toEqual({ address: '2606:4700::1111', family: 6 })
  })

  it('answers a private address for a host that the operator listed', async () => {
    expect(await resolve('git.corp', ['10.0.0.1'], ['git.corp'])).toMatchObject({ address: '10.0.0.1' })
    expect(await resolve('127.0.0.1', [], ['127.0.0.1:8443'], 8443)).toMatchObject({ address: '127.0.0.1' })
    await expect(resolve('127.0.0.1', [], ['127.0.0.1:8443'], 443)).rejects.toMatchObject({ code: 'source_forbidden' })
  })

  it('says unreachable for a name without an address', async () => {
    const lookup = () => Promise.reject(new Error('ENOTFOUND'))
    await expect(resolvePublicAddress('nope.example.org', { allowHosts: [], lookup })).rejects.toMatchObject({
      code: 'source_unreachable',
    })
    await expect(resolve('nope.example.org', [])).rejects.toMatchObject({ code: 'source_unreachable' })
  })
})

describe('the list of allowed hosts', () => {
  it('matches exact names, wildcards below a name, ports and IPv6 literals', () => {
    expect(isAllowedHost('GIT.corp.', ['git.corp'])).toBe(true)
    expect(isAllowedHost('a.b.corp', ['*.corp'])).toBe(true)
    expect(isAllowedHost('corp', ['*.corp'])).toBe(false)
    expect(isAllowedHost('evilcorp', ['*.corp'])).toBe(false)
    expect(isAllowedHost('git.corp.evil.org', ['git.corp'])).toBe(false)
    expect(isAllowedHost('[::1]', ['[::1]:8443'], 8443)).toBe(true)
    expect(isAllowedHost('[::1]', ['::1'])).toBe(true)
    expect(isAllowedHost('git.corp', ['git.corp:8443'])).toBe(false)
    expect(isAllowedHost('git.corp', ['*'])).toBe(false)
  })
})
