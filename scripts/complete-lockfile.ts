/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out when it wrote it (a registry
 * without them, or its own bug with an existing node_modules). Without them `npm ci` refuses the whole lockfile, on
 * every platform. Run after each `npm install`: `node scripts/complete-lockfile.ts`.
 *
 * An added entry has no integrity hash, since the package could not be read; what is installed where Tenon is built
 * and tested never comes from such an entry.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Entry {
  version?: string
  optional?: boolean
  dev?: boolean
  devOptional?: boolean
  peer?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  optionalDependencies?: Record<string, string>
}

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const file = new URL('../package-lock.json', import.meta.url)
const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(file, 'utf8'))
const added = addMissing(lock.packages)
if (added.length > 0) {
  const folders = Object.keys(lock.packages).toSorted((a, b) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries(folders.map((folder) => [folder, lock.packages[folder] ?? {}]))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
}
console.log(added.length > 0 ? `added ${added.length}: ${added.join(', ')}` : 'nothing was missing')

function addMissing(packages: Record<string, Entry>): string[] {
  const names: string[] = []
  for (const [folder, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isExact = /^\d+\.\d+\.\d+\S*$/.test(version)
      const places = placesFor(folder, name)
      const found = places.find((place) => place in packages)
      // Another package may need another version, which then stands in its place.
      if (found !== undefined && (!isExact || packages[found]?.version === version)) continue
      const platform = readPlatform(name)
      if (!platform || !isExact) throw new Error(`${name}@${version}: add it by hand`)
      const inherited = { ...(entry.dev && { dev: true }), ...(entry.peer && { peer: true }) }
      const { cpu, libc, os } = platform
      packages[(found === undefined ? places.at(-1) : places[0]) ?? ''] = {
        version,
        cpu,
        ...inherited,
        ...(libc && { libc }),
        optional: true,
        os,
      }
      names.push(name)
    }
  }
  return names
}

/** Where Node looks for a package that one in this folder needs, the nearest first. */
function placesFor(folder: string, name: string): string[] {
  const parts = folder.split('node_modules/')
  return parts.map((_, i) => {
    const at = parts.slice(0, parts.length - i).join('node_modules/')
    return `${at === '' || at.endsWith('/') ? at : `${at}/`}node_modules/${name}`
  })
}

type Platform = Required<Pick<Entry, 'os' | 'cpu'>> & Pick<Entry, 'libc'>

/** What a name like `@oxlint/binding-linux-arm-musleabihf` says about its platform. */
function readPlatform(name: string): Platform | null {
  const words = name.split(/[/-]/)
  const os = OPERATING_SYSTEMS.find((word) => words.includes(word))
  const cpu = PROCESSORS.find((word) => words.includes(word))
  if (!os || !cpu) return null
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'
  const named = words.some((word) => /^(musl|gnu)/.test(word))
  return { cpu: [cpu], ...(os === 'linux' && named && { libc: [libc] }), os: [os] }
}
