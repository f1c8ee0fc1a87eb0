import type { CliSettings } from '../../src/surfaces/cli/index.ts'

/** For a command line that stands on no machine: every file is missing, and no folder is a git repository. */
export const nowhere: Pick<CliSettings, 'readFile' | 'writeFile' | 'git'> = {
  readFile: async () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
  writeFile: async () => Promise.reject(Object.assign(new Error('no such folder'), { code: 'ENOENT' })),
  git: async () => ({ code: 128, out: '', err: 'fatal: not a git repository\n' }),
}
