/**
 * A Tenon of its own for tests, reduced to the embedded PostgreSQL: `postgres-process.ts <data folder> <what>`.
 * `lock` takes the folder's lock and stays; `leave` starts the server and ends without stopping it; `stop` starts and
 * stops it; `hold` starts it and stays. The first line of its output is a JSON `Report`.
 */
import { startEmbeddedPostgres, lockDataDir } from '../../src/platform/postgres/index.ts'
import { toTenonError } from '../../src/kernel/tenon-error.ts'

const [dataDir = '', what = '', ...flags] = process.argv.slice(2)

try {
  if (what === 'lock') {
    await lockDataDir(dataDir)
    console.log(JSON.stringify({ ok: true, pid: process.pid }))
  } else {
    const unsharePaths = flags.includes('no-namespaces') ? { unsharePaths: [] } : {}
    const server = await startEmbeddedPostgres({ dataDir, ...unsharePaths })
    const { pid, port, url, adopted, startedMs } = server
    console.log(JSON.stringify({ ok: true, pid, port, url, adopted, startedMs }))
    if (what === 'stop') await server.stop()
  }
  if (what === 'lock' || what === 'hold') setInterval(() => {}, 60_000)
} catch (error) {
  const { code, details, cause } = toTenonError(error)
  console.log(JSON.stringify({ ok: false, code, details, cause: String(cause) }))
  process.exitCode = 1
}
