/**
 * What Tenon is measured against: the least that answers a run as JSON with the same web framework and driver. No
 * authentication, tenancy, validation or log. Takes DATABASE_URL and PORT.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import pg from 'pg'

const QUERY = {
  name: 'run',
  text: `select id, pipeline, status, subject, summary, error_code, request_id, chunks_total, chunks_done,
           chunks_failed, active, created_at, started_at, ended_at
         from runs where org_id = $1 and id = $2`,
}

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 })
const app = new Hono()
app.get('/readyz', (c) => c.text('ok'))
app.get('/v1/runs/:org/:run', async (c) => {
  const { rows } = await pool.query({ ...QUERY, values: [c.req.param('org'), c.req.param('run')] })
  return rows.length === 0 ? c.notFound() : c.json({ data: rows[0] })
})
// By itself, SIGTERM ends a process without the profile that it was asked for.
process.once('SIGTERM', () => process.exit(0))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT']) })
