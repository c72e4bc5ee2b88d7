import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Client } from 'pg'
import { jobStatuses, terminalStatuses, type JobStatus, type TerminalStatus } from '../../../schemas/job.ts'
import { clientSql } from '../../../src/database/pool.ts'
import type { Sql } from '../../../src/database/sql.ts'
import { tablesIn } from '../../../src/database/tables.ts'
import { plannedTransitions, transitions, type EndTransition, type TransitionName } from '../../../src/engine/states.ts'
import { shareLivingJob } from '../../../src/jobs/locks/lock-chunks.ts'
import { commitCounts, saveCheckpoint } from '../../../src/jobs/store/checkpoints.ts'
import { claimJob, recordBackend, renewLease, recordBlockedReason } from '../../../src/jobs/store/claims.ts'
import { renumberJob } from '../../../src/jobs/store/deliveries.ts'
import { pauseDeadJobs, requeueDeadJobs } from '../../../src/jobs/store/expired-leases.ts'
import { insertJob } from '../../../src/jobs/store/job-rows.ts'
import { withdrawJob } from '../../../src/jobs/store/launches.ts'
import { findAbandonedJobs, takeOverJobs } from '../../../src/jobs/store/takeovers.ts'
import { requestCancel, finishJob, grantJob, pauseJob, releaseJob, rescheduleJob, releaseJobsOfWorker } from '../../../src/jobs/store/transitions.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'

const tables = tablesIn('powercrud')
const counts = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }
/** Of each job here: its claim has expired, and it is the first. */
const fence = 1
const now = new Date()

/** `gone` for a row that is deleted. */
type Result = JobStatus | 'gone'
type Statement = (sql: Sql, id: string) => Promise<unknown>

/** The statements that take each transition. Those of one row differ in who runs them. */
const takenBy: Record<Exclude<TransitionName, 'launch' | EndTransition>, readonly Statement[]> = {
  withdraw: [(sql, id) => withdrawJob(sql, tables, id)],
  grant: [(sql, id) => grantJob(sql, tables, id)],
  claim: [(sql, id) => claimJob(sql, tables, { id, n: 1, worker: 'it', leaseMs: 1_000 })],
  reclaim: [(sql, id) => claimJob(sql, tables, { id, n: 1, worker: 'it', leaseMs: 1_000 })],
  release: [(sql, id) => releaseJob(sql, tables, { id, fence })],
  reschedule: [(sql, id) => rescheduleJob(sql, tables, { id, fence, failed: true, restMs: 1_000 })],
  requeue: [(sql) => requeueDeadJobs(sql, tables, { now, limit: 10 })],
  pause: [
    (sql, id) => pauseJob(sql, tables, { id, fence }),
    (sql) => pauseDeadJobs(sql, tables, { now, limit: 10 })
  ],
  requestCancel: [(sql, id) => requestCancel(sql, tables, id)]
}

/** Statements that write or lock a job's row and leave its status as it is, whatever it is. */
const movingNothing: Readonly<Record<string, Statement>> = {
  shareLivingJob: (sql, id) => shareLivingJob(sql, tables, { id, fence: undefined }),
  commitCounts: (sql, id) => commitCounts(sql, tables, { id, fence, counts }),
  saveCheckpoint: (sql, id) => saveCheckpoint(sql, tables, { id, fence, value: 1 }),
  renewLease: (sql, id) => renewLease(sql, tables, { id, fence, leaseMs: 1_000, moved: true }),
  recordBackend: (sql, id) => recordBackend(sql, tables, { id, fence, pid: 1, start: now }),
  recordBlockedReason: (sql, id) => recordBlockedReason(sql, tables, { id, n: 1, reason: 'why' }),
  renumberJob: (sql, id) => renumberJob(sql, tables, { id, n: 1 }),
  takeOverJobs: (sql) => takeOverJobs(sql, tables, { now, maxTaskDurationMs: 1_000, leaseMs: 1_000, limit: 10 }),
  findAbandonedJobs: (sql) => findAbandonedJobs(sql, tables, { now, ttlMs: 1_000, limit: 10 })
}

function newJob (status: 'queued' | 'waiting' | 'running'): Parameters<typeof insertJob>[2] {
  return {
    id: randomUUID(),
    kind: 'bulk',
    resource: 'items',
    operation: 'update',
    status,
    onError: 'stop',
    onConflict: 'wait',
    selectionId: randomUUID(),
    spec: {},
    fingerprint: '',
    reason: null,
    createdBy: null,
    undoOf: null,
    retryOf: null,
    total: 1,
    claim: status === 'running' ? { worker: 'it', leaseMs: 1_000 } : null
  }
}

/** What a statement makes of a job that is in a status, its lease expired where it has one. Nothing stays behind. */
async function resultOf (client: Client, status: JobStatus, run: Statement, { fence: given = fence } = {}): Promise<Result> {
  const sql = clientSql(client)
  await client.query('BEGIN')
  try {
    const { id } = await insertJob(sql, tables, newJob('queued'))
    await client.query(`
      UPDATE powercrud.job SET status = $2, fence = $3, lease = CASE WHEN $4 THEN now() - interval '1 hour' END, worker = 'it',
        finished_at = CASE WHEN $5 THEN now() END, progressed_at = now() - interval '1 hour', touched_at = now() - interval '1 hour'
      WHERE id = $1`, [id, status, given, transitions.finish.from.includes(status), (terminalStatuses as readonly string[]).includes(status)])
    await run(sql, id)
    const { rows: [row] } = await client.query<{ status: JobStatus }>('SELECT status FROM powercrud.job WHERE id = $1', [id])
    return row?.status ?? 'gone'
  } finally {
    await client.query('ROLLBACK')
  }
}

/** What a transition makes of a job in each status: what the table says. `also`: the same statement takes this one too. */
function expected (names: readonly TransitionName[], to?: JobStatus): Record<string, Result> {
  return Object.fromEntries(jobStatuses.map((status) => {
    const taken = names.map((name) => transitions[name]).find(({ from }) => from.includes(status))
    return [status, taken === undefined ? status : to ?? taken.to[0] ?? 'gone']
  }))
}

async function results (client: Client, run: Statement, options?: { fence: number }): Promise<Record<string, Result>> {
  const found: Record<string, Result> = {}
  for (const status of jobStatuses) found[status] = await resultOf(client, status, run, options)
  return found
}

t.test('each statement takes the transitions of the table, and no other', async (t) => {
  const client = await (await createEngineDatabase(t)).connect()

  for (const [name, statements] of Object.entries(takenBy) as [keyof typeof takenBy, readonly Statement[]][]) {
    // One statement claims, of living workers and of dead ones.
    const names: readonly TransitionName[] = name === 'claim' || name === 'reclaim' ? ['claim', 'reclaim'] : [name]
    for (const [index, run] of statements.entries()) {
      t.same(await results(client, run, { fence: name === 'withdraw' ? 0 : fence }), expected(names), `${name}, statement ${index + 1}`)
    }
  }

  const releaseAll: Statement = (sql) => releaseJobsOfWorker(sql, tables, 'it')
  t.same(await results(client, releaseAll), expected(['release', 'pause']), 'release and pause, all jobs of a worker')

  for (const transition of ['cancel', 'settleCancel', 'finish', 'finishInOneTransaction', 'abandon'] satisfies EndTransition[]) {
    for (const to of transitions[transition].to as readonly TerminalStatus[]) {
      const run: Statement = (sql, id) => finishJob(sql, tables, { id, fence: undefined, transition, end: { status: to, error: null } })
      t.same(await results(client, run), expected([transition], to), `${transition} to ${to}`)
    }
    const other = terminalStatuses.find((status) => !transitions[transition].to.includes(status))!
    await t.rejects(finishJob(clientSql(client), tables, { id: randomUUID(), fence: undefined, transition, end: { status: other, error: null } }),
      { code: 'no_such_transition' }, `${transition} does not lead to ${other}`)
  }

  for (const to of transitions.launch.to as ('queued' | 'waiting' | 'running')[]) {
    t.equal((await insertJob(clientSql(client), tables, newJob(to))).status, to, `launch to ${to}`)
  }

  for (const [name, run] of Object.entries(movingNothing)) t.same(await results(client, run), expected([]), `${name} moves nothing`)
})

t.test('a job that was read in a status is not ended in another one', async (t) => {
  const client = await (await createEngineDatabase(t)).connect()
  const end = (readAs: JobStatus): Statement => (sql, id) =>
    finishJob(sql, tables, { id, fence, transition: 'abandon', readAs, end: { status: 'failed', error: null } })
  t.equal(await resultOf(client, 'queued', end('waiting')), 'queued')
  t.equal(await resultOf(client, 'queued', end('queued')), 'failed')
})

t.test('no statement takes a planned transition, and the table has none of them', async (t) => {
  for (const { from: [from], to: [to] } of Object.values(plannedTransitions)) {
    const taken = Object.values(transitions).some((transition) => transition.from.includes(from) && transition.to.includes(to))
    t.notOk(taken, `${from} → ${to}`)
  }
})

t.test('no statement names the status that it moves a job to, or from, by itself', async (t) => {
  const src = fileURLToPath(new URL('../../../src/', import.meta.url))
  for (const file of globSync('{jobs,execution,operations,app}/**/*.ts', { cwd: src })) {
    if (file === 'app/testing/statements.ts') continue
    t.notMatch(readFileSync(src + file, 'utf8'), /\bstatus (=|IN|<>) *\(?'/, file)
  }
})
