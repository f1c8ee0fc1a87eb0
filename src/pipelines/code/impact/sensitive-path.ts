export type Sensitivity = 'migration' | 'schema' | 'lockfile' | 'manifest' | 'ci' | 'deployment' | 'configuration'

const RULES: readonly (readonly [Sensitivity, RegExp])[] = [
  ['migration', /(?:^|\/)(?:migrations?|migrate|alembic\/versions)\/|(?:^|\/)V\d+__[^/]*\.sql$/i],
  ['schema', /\.(?:sql|prisma|proto|graphqls?|gql|avsc)$|(?:^|\/)(?:openapi|swagger)[^/]*\.(?:json|ya?ml)$/i],
  [
    'lockfile',
    /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|deno\.lock|poetry\.lock|uv\.lock|pdm\.lock|Pipfile\.lock|Cargo\.lock|go\.sum|Gemfile\.lock|composer\.lock)$/,
  ],
  [
    'manifest',
    /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|pyproject\.toml|setup\.(?:py|cfg)|requirements[^/]*\.txt|Pipfile|Cargo\.toml|go\.mod|Gemfile|composer\.json)$/,
  ],
  [
    'ci',
    /^\.(?:github\/(?:workflows|actions)|circleci|buildkite|gitea\/workflows|ci)\/|(?:^|\/)(?:\.gitlab-ci[^/]*\.ya?ml|Jenkinsfile|azure-pipelines[^/]*\.ya?ml|\.travis\.ya?ml)$/,
  ],
  [
    'deployment',
    /(?:^|\/)(?:(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?|(?:docker-)?compose[^/]*\.ya?ml|Procfile|fly\.toml|vercel\.json|serverless\.ya?ml)$|\.tf(?:vars)?$|(?:^|\/)(?:k8s|kubernetes|helm|charts)\//i,
  ],
  [
    'configuration',
    /(?:^|\/)(?:tsconfig[^/]*\.json|jsconfig\.json|[^/]+\.config\.[cm]?[jt]s|\.env(?:\.[^/]*)?|\.npmrc|tox\.ini|pytest\.ini)$/,
  ],
]

/** What a file decides beside the code that imports it; null for all others. */
export function sensitivityOf(path: string): Sensitivity | null {
  return RULES.find(([, rule]) => rule.test(path))?.[0] ?? null
}
