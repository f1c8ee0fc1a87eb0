import * as alerts from './alerts.ts'
import * as accounts from './accounts.ts'
import * as audit from './audit.ts'
import * as billing from './billing.ts'
import * as code from './code.ts'
import * as credits from './credits.ts'
import * as findings from './findings.ts'
import * as graph from './graph.ts'
import * as identity from './identity.ts'
import * as impact from './impact.ts'
import * as issuers from './issuers.ts'
import * as limits from './limits.ts'
import * as members from './members.ts'
import type { Operation } from './operation.ts'
import * as projects from './projects.ts'
import * as reconcile from './reconcile.ts'
import * as runControl from './run-control.ts'
import * as runs from './runs.ts'
import * as schedules from './schedules.ts'
import * as search from './search.ts'
import * as specs from './specs.ts'

/** Every operation that Tenon offers. A new one is defined in its domain's file and named here. */
export const OPERATIONS: readonly Operation[] = [
  identity.onboardOrganization,
  identity.createOrganization,
  identity.updateOrganization,
  identity.deleteOrganization,
  identity.getMe,
  identity.createApiKey,
  identity.listApiKeys,
  identity.rotateApiKey,
  identity.revokeApiKey,
  identity.revokeSelf,
  accounts.signUp,
  accounts.verifyEmail,
  accounts.resendVerification,
  accounts.requestPasswordReset,
  accounts.resetPassword,
  accounts.changePassword,
  accounts.createSession,
  accounts.confirmSession,
  accounts.listSessions,
  accounts.revokeSession,
  accounts.endSession,
  accounts.enableTwoFactor,
  accounts.confirmTwoFactor,
  accounts.disableTwoFactor,
  issuers.revokeToken,
  members.listMembers,
  members.updateMember,
  members.removeMember,
  members.leaveOrganization,
  members.acceptInvitation,
  members.createInvitation,
  members.listInvitations,
  members.resendInvitation,
  members.revokeInvitation,
  limits.getLimits,
  limits.setLimits,
  credits.getCredits,
  credits.listCreditEntries,
  credits.getCreditStatement,
  credits.grantCredits,
  credits.refundCredits,
  billing.getBilling,
  billing.createCheckout,
  billing.confirmCheckout,
  billing.openPortal,
  billing.syncBilling,
  billing.receiveStripeWebhook,
  billing.listStripeEvents,
  billing.replayStripeEvent,
  audit.listAudit,
  findings.listFindings,
  findings.resolveFindingByHand,
  findings.listOrphans,
  alerts.listAlerts,
  reconcile.reconcileStripe,
  reconcile.getReconciliation,
  code.addRepository,
  code.listRepositories,
  code.getRepository,
  code.reindexRepository,
  code.deleteRepository,
  projects.createProject,
  projects.listProjects,
  projects.getProject,
  projects.updateProject,
  projects.deleteProject,
  projects.addRepositoryToProject,
  projects.removeRepositoryFromProject,
  search.searchCode,
  search.getFile,
  search.listRecentFiles,
  graph.searchDependencies,
  impact.analyzeImpact,
  specs.validateSpec,
  runs.listRuns,
  runs.getRun,
  runs.listRunLogs,
  runs.listChunks,
  runs.watchRun,
  runs.startRun,
  runControl.pauseRun,
  runControl.resumeRun,
  runs.cancelRun,
  runs.cancelRuns,
  runs.retryRun,
  schedules.createSchedule,
  schedules.listSchedules,
  schedules.updateSchedule,
  schedules.deleteSchedule,
]
