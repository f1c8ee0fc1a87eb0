import { describe, expect, it } from 'vitest'
import type { DataOf } from '../../contract/operation.ts'
import type { getMe } from '../../contract/identity.ts'
import type { Invitation, Member } from '../../contract/members.ts'
import { render } from './render.ts'

const look = { width: 80, colors: false }
const now = Date.now()
const at = (hours: number): string => new Date(now + hours * 3_600_000).toISOString()

const ADA: Member = {
  id: 'user_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  role: 'owner',
  joinedAt: at(-48),
  invitedBy: null,
}
const INVITATION: Invitation = {
  id: 'invite_01jd2m5x8qf3v7w9y0z1a2b3c4',
  email: 'bob@example.com',
  role: 'member',
  status: 'open',
  invitedBy: ADA.id,
  createdAt: at(-1),
  sentAt: at(-1),
  expiresAt: at(167),
  acceptedAt: null,
  acceptedBy: null,
  revokedAt: null,
}

const shown = (operation: string, data: unknown): string => render(operation, { data }, look)

describe('members on the command line', () => {
  it('are a table with whole ids, to be copied, on 80 columns', () => {
    const text = shown('members.list', [ADA, { ...ADA, name: null, email: null, role: 'viewer' }])
    expect(text).toBe(
      [
        'ID                               ROLE    JOINED   E-MAIL           NAME',
        'user_01jd2m5x8qf3v7w9y0z1a2b3c4  owner   2 d ago  ada@example.com  Ada Lovelace',
        'user_01jd2m5x8qf3v7w9y0z1a2b3c4  viewer  2 d ago  –                account gone',
        '',
      ].join('\n'),
    )
  })

  it('who are none are said so, with what to do', () => {
    expect(shown('members.list', [])).toContain('tenon invitations create <e-mail>')
    expect(shown('invitations.list', [])).toContain('tenon invitations create <e-mail>')
  })

  it('are told of what has changed', () => {
    expect(shown('members.update', { ...ADA, role: 'admin' })).toBe('Ada Lovelace <ada@example.com> is an admin now.\n')
    const removed = shown('members.remove', { ...ADA, revokedInvitations: 2 }).replaceAll('\n', ' ')
    expect(removed).toContain('Removed Ada Lovelace <ada@example.com>.')
    expect(removed).toContain('2 invitations that they had sent ended as well.')
    expect(removed).toContain('tenon api-keys list')
    expect(shown('invitations.revoke', INVITATION)).toBe('Revoked the invitation of bob@example.com.\n')
  })

  it('can not take over the terminal by their names', () => {
    expect(shown('members.update', { ...ADA, name: 'A\u001b[2Jda\u202e' })).toBe(
      'Ada� <ada@example.com> is an owner now.\n',
    )
  })
})

describe('invitations on the command line', () => {
  it('are a table that says which are open, and for how long', () => {
    expect(shown('invitations.list', [INVITATION, { ...INVITATION, status: 'accepted', role: 'admin' }])).toBe(
      [
        'ID                                 STATUS    ROLE    ENDS    E-MAIL',
        'invite_01jd2m5x8qf3v7w9y0z1a2b3c4  open      member  in 7 d  bob@example.com',
        'invite_01jd2m5x8qf3v7w9y0z1a2b3c4  accepted  admin   –       bob@example.com',
        '',
      ].join('\n'),
    )
  })

  it('that were sent show role and end', () => {
    const text = shown('invitations.create', INVITATION)
    expect(text).toMatch(/^Invited bob@example\.com\.\n\ninvitation {2}invite_/)
    expect(text).toMatch(/ends +in 7 d \(/)
  })
})

describe('who calls', () => {
  const me: DataOf<typeof getMe> = {
    user: { id: ADA.id, name: 'Ada', email: 'ada@example.com', twoFactor: true },
    org: null,
    role: null,
    plan: null,
    credits: null,
    organizations: [
      { id: 'org_01jd2m5x8qf3v7w9y0z1a2b3c4', slug: 'acme', name: 'Acme', role: 'owner' },
      { id: 'org_01jd2m5x8qf3v7w9y0z1a2b3c5', slug: 'umbrella', name: 'Umbrella', role: 'viewer' },
    ],
    apiKey: null,
    token: null,
  }

  it('of several organisations sees them all, and how to name one', () => {
    const text = shown('me.get', me)
    expect(text).toMatch(/person +Ada <ada@example\.com>/)
    expect(text).toMatch(/acme +owner +Acme\numbrella +viewer +Umbrella\n\nName one of them with --org\.\n$/)
  })

  it('of none is told so', () => {
    expect(shown('me.get', { ...me, organizations: [] })).toContain('No organisation yet.')
  })

  it('sees role, plan and credits of the organisation', () => {
    const org = { id: 'org_01jd2m5x8qf3v7w9y0z1a2b3c4', slug: 'acme', name: 'Acme', createdAt: at(0) }
    const text = shown('me.get', {
      ...me,
      org,
      role: 'owner',
      plan: 'team',
      credits: { available: 12_345, reserved: 5 },
      organizations: me.organizations.slice(0, 1),
    })
    expect(text).toMatch(/organisation +Acme \(acme\)\n/)
    expect(text).toMatch(/role +owner\nplan +team\ncredits +12,345 available, 5 set aside for runs\n$/)
  })
})
