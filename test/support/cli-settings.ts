import type { CliSettings } from '../../src/surfaces/cli/index.ts'

/** For a command line that stands on no machine: every file is missing, and no folder is a git repository. */
export const nowhere: Pick<CliSettings, 'readFile' | 'writeFile' | 'git'> = {
  readFile: async () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
  writeFile: async () => Promise.reject(Object.assign(new Error('no such folder'), { code: 'ENOENT' })),
  git: async () => ({ code: 128, out: '', err: 'fatal: not a git repository\n' }),
}

/** For a command line that prints nowhere and reaches no server. */
export const unheard: CliSettings = {
  ...nowhere,
  url: 'http://127.0.0.1:7420',
  apiKey: 'tn_live_example',
  rootKey: 'root-key-example',
  org: 'demo',
  fetch: async () => Promise.reject(new TypeError('fetch failed')),
  out: () => {},
  err: () => {},
  isTerminal: false,
  colors: false,
  width: 80,
  confirm: async () => false,
  input: async () => '',
}
