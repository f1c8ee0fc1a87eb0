import * as audit from './audit.ts'
import * as code from './code.ts'
import * as graph from './graph.ts'
import * as identity from './identity.ts'
import * as impact from './impact.ts'
import * as limits from './limits.ts'
import type { Operation } from './operation.ts'
import * as projects from './projects.ts'
import * as runControl from './run-control.ts'
import * as runs from './runs.ts'
import * as schedules from './schedules.ts'
import * as search from './search.ts'
import * as specs from './specs.ts'

/** Every operation that Tenon offers. A new one is defined in its domain's file and named here. */
export const OPERATIONS: readonly Operation[] = [
  identity.onboardOrganization,
  identity.getMe,
  identity.createApiKey,
  identity.listApiKeys,
  identity.rotateApiKey,
  identity.revokeApiKey,
  identity.revokeSelf,
  limits.getLimits,
  limits.setLimits,
  audit.listAudit,
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
