import type { Invitation } from '../../contract/members.ts'
import type { InvitationRow } from './invitations.sql.ts'

export function presentInvitation(row: InvitationRow, now: Date): Invitation {
  const { open: _, ...shown } = row
  return { ...shown, status: statusOf(row, now) }
}

function statusOf(row: InvitationRow, now: Date): Invitation['status'] {
  if (row.acceptedAt !== null) return 'accepted'
  if (row.revokedAt !== null) return 'revoked'
  return Date.parse(row.expiresAt) <= now.getTime() ? 'expired' : 'open'
}
