import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { silentCatches } from './silent-catches.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Each drops an error without a word, once. */
const SILENT: Record<string, string> = {
  'an empty catch': 'try { f() } catch {}',
  'a binding that nothing looks at': 'try { f() } catch (error) { g() }',
  'a binding that is looked away from': 'try { f() } catch (error) { void error }',
  'another name of a property': 'try { f() } catch (error) { g({ error: 1 }, x.error) }',
  'a fallback': 'function h() { try { return f() } catch { return null } }',
  'a fallback of a promise': 'f().catch(() => null)',
  'an empty handler': 'await f().catch(() => {})',
  'a handler with a binding': 'f().catch((error) => undefined)',
  'a function as handler': 'f().catch(function (error) { g() })',
  'the second handler of then': 'f().then((x) => x, () => false)',
  'a comment of one word': 'f().catch(() => {}) // fine',
  'a directive': '// eslint-disable-next-line no-empty -- for a reason\ntry { f() } catch {}',
  'a comment further up': '// Nobody needs to know.\n\nf().catch(() => {})',
  'a comment at the end of the try': 'try { f()\n// Nobody needs to know.\n} catch {}',
  'a comment beside what stands above': 'g() // nobody needs to know\nf().catch(() => {})',
  'a handler inside of one that is loud': 'try { f() } catch (e) { g().catch(() => {}); throw e }',
  'a listener': "x.on('error', () => {})",
  'a listener that is called once': "new X().once('error', () => g(false))",
  'a handler that has a name': 'const noop = () => {}\nvoid f().catch(noop)',
  'a declared handler': 'function ignore() { g() }\nf().then(h, ignore)',
  'a log of another thing': 'f().catch(() => dialog.error(1))',
}

const LOUD: Record<string, string> = {
  'a log': "try { f() } catch (error) { log.warn({ err: error }, 'no') }",
  'a log without the error': "try { f() } catch { ctx.log.warn({}, 'no') }",
  'a throw': 'try { f() } catch { throw new TypeError() }',
  'a rejection': 'new Promise((_, reject) => f().catch(() => reject(new Error())))',
  'an error that is answered': 'f().catch((error) => ({ error }))',
  'an error that is destructured': "try { f() } catch ({ code }) { if (code !== 'ENOENT') g() }",
  'a handler from elsewhere': 'f().catch(noted)',
  'a handler that has a name': 'const noted = (error) => log.warn({ err: error })\nf().catch(noted)',
  'a handler that says why': 'function noted() {\n// Nobody needs to know.\n}\nf().catch(noted)',
  'a listener that tells': "x.on('error', (error) => reject(error))",
  'a listener to something else': "x.on('end', () => {})",
  'a comment inside': 'try { f() } catch {\n// Nobody needs to know.\n}',
  'a comment inside of a handler': 'f().catch(() => { /* nobody needs to know */ })',
  'a comment beside': 'f().catch(() => {}) // nobody needs to know',
  'a comment above the line': '// Nobody needs to know.\nawait f().catch(() => {})',
  'a comment above the statement': '// Nobody needs to know.\nawait f()\n  .g()\n  .catch(() => {})',
  'a comment above the handler': 'f().then(\n  (x) => x,\n  // Nobody needs to know.\n  () => false,\n)',
  'a then without a second handler': 'f().then(() => {})',
  'another catch': 'catcher(() => {})',
}

const found = (text: string) => silentCatches([{ path: 'planted.ts', text }])

describe('a dropped error', () => {
  for (const [what, text] of Object.entries(SILENT)) it(`${what} is found`, () => expect(found(text)).toHaveLength(1))
})

describe('an error that is dealt with', () => {
  for (const [what, text] of Object.entries(LOUD)) it(`${what} passes`, () => expect(found(text)).toEqual([]))
})

describe('the check', () => {
  it('says where', () => {
    expect(found('f()\n\nawait g()\n  .catch(() => {})')).toEqual([
      { path: 'planted.ts', line: 4, code: '.catch(() => {})' },
    ])
  })

  it('fails when it has read nothing, or can not read it', () => {
    expect(() => silentCatches([])).toThrow('read no file')
    expect(() => found('try {')).toThrow('planted.ts')
  })

  it('finds no silent catch in what runs', () => {
    const paths = globSync('{src,bin,scripts}/**/*.{ts,tsx,js,mjs}', { cwd: ROOT })
      .filter((path) => !/\.test(?:-d)?\.tsx?$/.test(path) && !path.includes('node_modules'))
      .toSorted()
    expect(paths.length).toBeGreaterThan(200)
    const sources = paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
    expect(silentCatches(sources)).toEqual([])
  })
})
