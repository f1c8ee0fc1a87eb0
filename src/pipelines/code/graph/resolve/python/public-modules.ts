import { baseOf, dirOf, relativeTo, upward } from '../paths.ts'
import type { PythonIndex } from './module-index.ts'
import type { PythonRoots } from './roots.ts'
import type { PublicModule } from '../resolver.ts'

const PYTHON = /\.pyi?$/
const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u
/** What is in a repository beside what it offers. */
const PRIVATE_DIR = /(?:^|\/)(?:tests?|docs?|examples?|samples?|benchmarks?|node_modules|site-packages|\.[^/]*)\//
const PRIVATE_FILE = /^(?:test_.*|.*_test|conftest|setup|noxfile|fabfile|manage|__main__)\.pyi?$/

export function publicPythonModules(index: PythonIndex, roots: PythonRoots): readonly PublicModule[] {
  const found: PublicModule[] = []
  for (const path of index.files) {
    if (!PYTHON.test(path) || PRIVATE_DIR.test(path) || PRIVATE_FILE.test(baseOf(path))) continue
    const isPackage = /^__init__\.pyi?$/.test(baseOf(path))
    const base = isPackage ? dirOf(path) : path.replace(PYTHON, '')
    const root = base === '' ? null : rootOf(index, roots, path)
    if (root === null || index.fileOf(base) !== path) continue
    const parts = (relativeTo(root, base) ?? '').split('/')
    if (parts.every((part) => NAME.test(part))) found.push({ module: `py:${parts.join('.')}`, path })
  }
  return found
}

function rootOf(index: PythonIndex, roots: PythonRoots, path: string): string | null {
  const dir = dirOf(path)
  const top = index.parentOfTopPackage(dir)
  const declared = upward(top ?? dir).find((one) => roots.isDeclared(one))
  if (declared !== undefined) return declared
  if (top !== null) return top
  return roots.isProject(dir) ? dir : null
}
