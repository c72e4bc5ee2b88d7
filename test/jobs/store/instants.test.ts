import { randomUUID } from 'node:crypto'
import t from 'tap'
import { clientSql } from '../../../src/database/pool.ts'
import type { Sql } from '../../../src/database/sql.ts'
import { tablesIn } from '../../../src/database/tables.ts'
import type { StoredEvent } from '../../../src/engine/lifecycle-events.ts'
import { insertEvents } from '../../../src/jobs/lifecycle/outbox.ts'
import { commitCounts, saveCheckpoint } from '../../../src/jobs/store/checkpoints.ts'
import { completeChunk } from '../../../src/jobs/store/chunks.ts'
import { insertJob } from '../../../src/jobs/store/job-rows.ts'
import { insertPreview } from '../../../src/jobs/store/previews.ts'
import { finishJob, grantJob } from '../../../src/jobs/store/transitions.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'

const tables = tablesIn('powercrud')
const job = {
  kind: 'task',
  resource: null,
  operation: 'it',
  onError: 'rollback',
  onConflict: 'fail',
  spec: {},
  fingerprint: '',
  reason: null,
  createdBy: null,
  undoOf: null,
  retryOf: null,
  total: 0
} as const

/** What each statement writes, in a transaction that has begun long before. */
const statements: Readonly<Record<string, { run: (sql: Sql, id: string) => Promise<unknown>, written: string }>> = {
  'the end of a job': {
    run: (sql, id) => finishJob(sql, tables, { id, fence: 1, transition: 'finishInOneTransaction', end: { status: 'succeeded', error: null } }),
    written: 'SELECT least(finished_at, touched_at) FROM powercrud.job WHERE id = $1'
  },
  'a checkpoint': {
    run: (sql, id) => saveCheckpoint(sql, tables, { id, fence: 1, value: 1 }),
    written: 'SELECT least(progressed_at, touched_at) FROM powercrud.job WHERE id = $1'
  },
  'the counts of a chunk': {
    run: (sql, id) => commitCounts(sql, tables, { id, fence: 1, counts: { succeeded: 1, unchanged: 0, missing: 0, skipped: 0, failed: 0 } }),
    written: 'SELECT least(progressed_at, touched_at) FROM powercrud.job WHERE id = $1'
  },
  'the outcome of a chunk': {
    async run (sql, id) {
      await sql.query('INSERT INTO powercrud.job_chunk (job_id, no) VALUES ($1, 0)', [id])
      await completeChunk(sql, tables, { jobId: id, no: 0, result: { unchanged: null, missing: null, refused: null } })
    },
    written: 'SELECT done_at FROM powercrud.job_chunk WHERE job_id = $1'
  },
  'a grant': {
    async run (sql, id) {
      await sql.query("UPDATE powercrud.job SET status = 'waiting' WHERE id = $1", [id])
      await grantJob(sql, tables, id)
    },
    written: 'SELECT touched_at FROM powercrud.job WHERE id = $1'
  },
  'the lease of a job that is executed in the request': {
    async run (sql, id) {
      await sql.query('DELETE FROM powercrud.job WHERE id = $1', [id])
      await insertJob(sql, tables, { ...job, id, selectionId: id, status: 'running', claim: { worker: 'it', leaseMs: 0 } })
    },
    written: 'SELECT least(lease, started_at, progressed_at) FROM powercrud.job WHERE id = $1'
  },
  'a lifecycle event': {
    run: (sql, id) => insertEvents(sql, tables, { jobId: id, events: [{ id: randomUUID(), event: 'complete' }], kept: {} as StoredEvent, holdMs: 0 }),
    written: 'SELECT least(created_at, due_at) FROM powercrud.outbox WHERE job_id = $1'
  },
  'the expiry of a preview': {
    run: (sql, id) => insertPreview(sql, tables, { id, resource: 'items', operation: 'update', spec: {}, userId: null, total: 0, chunkCount: 0, ttlMs: 0 }),
    written: 'SELECT expires_at FROM powercrud.preview WHERE id = $1'
  }
}

t.test('instants are those of the clock, however long ago the transaction began', async (t) => {
  const database = await createEngineDatabase(t)
  const [client, other] = [await database.connect(), await database.connect()]
  const sql = clientSql(client)
  for (const [name, { run, written }] of Object.entries(statements)) {
    const id = randomUUID()
    await insertJob(sql, tables, { ...job, id, selectionId: id, status: 'running', claim: { worker: 'it', leaseMs: 60_000 } })
    await client.query('BEGIN')
    await client.query('SELECT now()')
    const { rows: [between] } = await other.query<{ at: string }>('SELECT clock_timestamp()::text AS at')
    await run(sql, id)
    const { rows: [row] } = await client.query<{ later: boolean }>(`SELECT (${written}) > $2::timestamptz AS later`, [id, between!.at])
    await client.query('ROLLBACK')
    t.equal(row!.later, true, name)
  }
})
