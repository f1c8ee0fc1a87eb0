import { z } from 'zod'
import { orgField, page, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { role } from './roles.ts'

/** Days until an invitation ends by itself. */
export const INVITATION_DAYS = 7

const member = z.strictObject({
  id: idSchema('user'),
  name: z.string().nullable().describe('null when the account is gone'),
  email: z.string().nullable().describe('null when the account is gone'),
  role,
  joinedAt: timestamp,
  invitedBy: z.string().nullable().describe('Id of the person or the API key; null for whoever made the organisation'),
})
export type Member = z.output<typeof member>

const removed = member.extend({
  revokedInvitations: z.int().describe('Open invitations that they had sent, which ended with their membership'),
})

const params = z.strictObject({ org: orgField })
const memberField = z.string().min(1).max(64).describe('Id of the person')
const ofMember = z.strictObject({ org: orgField, member: memberField })
const USER = 'user_01jd2m5x8qf3v7w9y0z1a2b3c4'
const NOT_FOR_AGENTS = 'who belongs to an organisation is decided by people'

export const listMembers = defineOperation({
  name: 'members.list',
  summary: 'List members',
  description: 'The people of the organisation with their roles, oldest membership first.',
  method: 'GET',
  path: '/v1/members/{org}',
  auth: 'key',
  scope: 'members:read',
  tx: 'read',
  params,
  query: z.strictObject(page),
  output: z.array(member),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: { command: 'members list', examples: ['tenon members list', 'tenon members list --json'] },
  },
})

export const updateMember = defineOperation({
  name: 'members.update',
  summary: "Change a member's role",
  description:
    'In force on every node at once. Nobody gives a role that may do more than they themselves, or changes somebody who may. The last owner stays one.',
  method: 'PATCH',
  path: '/v1/members/{org}/{member}',
  auth: 'key',
  scope: 'members:write',
  tx: 'write',
  params: ofMember,
  body: z.strictObject({ role: role.describe('What they may do from now on') }),
  output: member,
  errors: ['last_owner'],
  idempotent: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: {
      command: 'members set-role',
      args: ['member', 'role'],
      examples: [`tenon members set-role ${USER} admin`, `tenon members set-role ${USER} viewer --json`],
    },
  },
})

export const removeMember = defineOperation({
  name: 'members.remove',
  summary: 'Remove a member',
  description:
    'They are refused by every node at once, and the open invitations that they have sent end. API keys belong to the organisation: revoke those that they knew. The last owner can not be removed.',
  method: 'DELETE',
  path: '/v1/members/{org}/{member}',
  auth: 'key',
  scope: 'members:write',
  tx: 'write',
  params: ofMember,
  output: removed,
  errors: ['last_owner'],
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: {
      command: 'members remove',
      args: ['member'],
      examples: [`tenon members remove ${USER}`, `tenon members remove ${USER} --yes`],
    },
  },
})

export const leaveOrganization = defineOperation({
  name: 'members.leave',
  summary: 'Leave an organisation',
  description: 'For a person who has signed in, whatever their role. The last owner can not leave.',
  method: 'POST',
  path: '/v1/members/{org}/leave',
  auth: 'key',
  scope: null,
  tx: 'write',
  params,
  output: removed,
  errors: ['forbidden', 'last_owner'],
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: { absent: 'the command line calls with a key, which is no member' },
  },
})

const invitation = z.strictObject({
  id: idSchema('invite'),
  email: z.string(),
  role,
  status: z.enum(['open', 'accepted', 'revoked', 'expired']),
  invitedBy: z.string().describe('Id of the person or the API key'),
  createdAt: timestamp,
  sentAt: timestamp.describe('When the mail was written last'),
  expiresAt: timestamp,
  acceptedAt: timestamp.nullable(),
  acceptedBy: idSchema('user').nullable(),
  revokedAt: timestamp.nullable(),
})
export type Invitation = z.output<typeof invitation>

const ofInvitation = z.strictObject({
  org: orgField,
  invitation: z.string().min(1).max(64).describe('Id of the invitation'),
})
const INVITATION = 'invite_01jd2m5x8qf3v7w9y0z1a2b3c4'

export const createInvitation = defineOperation({
  name: 'invitations.create',
  summary: 'Invite somebody',
  description: `Sends a mail with a token that is good for ${INVITATION_DAYS} days, once, and only for an account with this address. Open invitations take a seat. Nobody invites to a role that may do more than they themselves.`,
  method: 'POST',
  path: '/v1/invitations/{org}',
  auth: 'key',
  scope: 'members:write',
  tx: 'write',
  params,
  body: z.strictObject({
    email: z.email().max(254).toLowerCase().describe('Where the invitation goes'),
    role: role.default('member').describe('What they may do'),
  }),
  output: invitation,
  status: 201,
  errors: ['invitation_exists', 'member_exists'],
  quotas: ['seats'],
  idempotent: false,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: {
      command: 'invitations create',
      args: ['email'],
      examples: ['tenon invitations create ada@example.com', 'tenon invitations create ada@example.com --role admin'],
    },
  },
})

export const listInvitations = defineOperation({
  name: 'invitations.list',
  summary: 'List invitations',
  description: 'Newest first, with those that have ended. Tokens are never shown.',
  method: 'GET',
  path: '/v1/invitations/{org}',
  auth: 'key',
  scope: 'members:read',
  tx: 'read',
  params,
  query: z.strictObject(page),
  output: z.array(invitation),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: { command: 'invitations list', examples: ['tenon invitations list', 'tenon invitations list --json'] },
  },
})

export const resendInvitation = defineOperation({
  name: 'invitations.resend',
  summary: 'Send an invitation again',
  description: `With a new token, good for ${INVITATION_DAYS} days more; the one before ends. Works for an expired invitation as well.`,
  method: 'POST',
  path: '/v1/invitations/{org}/{invitation}/resend',
  auth: 'key',
  scope: 'members:write',
  tx: 'write',
  params: ofInvitation,
  output: invitation,
  errors: ['invitation_ended', 'invitation_exists', 'quota_exceeded'],
  idempotent: false,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: {
      command: 'invitations resend',
      args: ['invitation'],
      examples: [`tenon invitations resend ${INVITATION}`, `tenon invitations resend ${INVITATION} --json`],
    },
  },
})

export const revokeInvitation = defineOperation({
  name: 'invitations.revoke',
  summary: 'Revoke an invitation',
  description: 'Its token ends and its seat is free. Revoking a revoked one changes nothing.',
  method: 'DELETE',
  path: '/v1/invitations/{org}/{invitation}',
  auth: 'key',
  scope: 'members:write',
  tx: 'write',
  params: ofInvitation,
  output: invitation,
  errors: ['invitation_ended'],
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: {
      command: 'invitations revoke',
      args: ['invitation'],
      examples: [`tenon invitations revoke ${INVITATION}`, `tenon invitations revoke ${INVITATION} --yes`],
    },
  },
})

export const acceptInvitation = defineOperation({
  name: 'invitations.accept',
  summary: 'Accept an invitation',
  description:
    'With the token of the mail, by the account whose verified address it was sent to. `details.reason` says why a token is not good, to that account alone.',
  method: 'POST',
  path: '/v1/invitations/accept',
  auth: 'session',
  scope: null,
  tx: 'none',
  body: z.strictObject({ token: z.string().min(1).max(100).describe('From the mail') }),
  output: z.strictObject({
    org: z.strictObject({ id: idSchema('org'), slug: z.string(), name: z.string() }),
    role,
  }),
  errors: ['invitation_invalid'],
  idempotent: false,
  surfaces: {
    mcp: { absent: NOT_FOR_AGENTS },
    cli: { absent: 'the command line calls with a key, which is no person' },
  },
})
