import type { Invitation, Member, removeMember } from '../../contract/members.ts'
import type { DataOf } from '../../contract/operation.ts'
import { listOf } from './table.ts'
import { ago, fields, idTextOf, plain, until, when, wrap, type Look, type Renderers } from './text.ts'

export const MEMBER_RENDERERS: Renderers = {
  'members.list': renderMembers,
  'members.update': (member: Member, { width }) => said(`${whoIs(member)} is ${A[member.role]} now.`, width),
  'members.remove': renderRemoved,
  'invitations.create': (invitation: Invitation, look) =>
    `Invited ${plain(invitation.email)}.\n\n${facts(invitation, look)}`,
  'invitations.list': renderInvitations,
  'invitations.resend': (invitation: Invitation, look) =>
    `Sent again to ${plain(invitation.email)}; the token before is no longer good.\n\n${facts(invitation, look)}`,
  'invitations.revoke': ({ email }: Invitation, { width }) => said(`Revoked the invitation of ${plain(email)}.`, width),
}

const A = { owner: 'an owner', admin: 'an admin', member: 'a member', viewer: 'a viewer' } as const satisfies Record<
  Member['role'],
  string
>

function renderMembers(members: Member[], look: Look): string {
  const none = 'No members yet. Invite somebody: tenon invitations create <e-mail>'
  return listOf(members, look, none, ['ID', 'ROLE', 'JOINED', 'E-MAIL', 'NAME'], (member) => [
    member.id,
    member.role,
    ago(member.joinedAt),
    member.email ?? '–',
    member.name ?? 'account gone',
  ])
}

function renderRemoved(removed: DataOf<typeof removeMember>, { width }: Look): string {
  const { revokedInvitations: n } = removed
  const ended = n === 0 ? '' : ` ${n === 1 ? 'One invitation' : `${n} invitations`} that they had sent ended as well.`
  return said(`Removed ${whoIs(removed)}.${ended} Revoke the API keys that they knew: tenon api-keys list`, width)
}

function renderInvitations(invitations: Invitation[], look: Look): string {
  const none = 'No invitations. Invite somebody: tenon invitations create <e-mail>'
  return listOf(invitations, look, none, ['ID', 'STATUS', 'ROLE', 'ENDS', 'E-MAIL'], (invitation) => [
    invitation.id,
    invitation.status,
    invitation.role,
    invitation.status === 'open' ? until(invitation.expiresAt) : '–',
    invitation.email,
  ])
}

function facts({ id, email, role, expiresAt }: Invitation, look: Look): string {
  return fields({ invitation: idTextOf(look)(id), 'e-mail': email, role, ends: when(expiresAt) }, look.width)
}

function whoIs({ id, name, email }: Pick<Member, 'id' | 'name' | 'email'>): string {
  if (name === null) return id
  return email === null ? plain(name) : `${plain(name)} <${plain(email)}>`
}

function said(text: string, width: number): string {
  return `${wrap(text, width).join('\n')}\n`
}
