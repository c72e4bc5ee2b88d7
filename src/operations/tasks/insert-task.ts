import { v7 as uuidv7 } from 'uuid'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { enforceQueuedJobsLimit } from '../../jobs/queued-jobs-limit.ts'
import { insertJob, type TaskTerms } from '../../jobs/store/job-rows.ts'
import { recordCreate } from '../../jobs/lifecycle/record-events.ts'
import type { LockSet } from '../../jobs/locks/conflict-set.ts'
import { chunkCountOf, takeLocks } from '../../jobs/locks/take-locks.ts'

/** A task that is to become a job. */
export interface NewTask {
  readonly name: string
  readonly payload: unknown
  readonly version: number
  readonly sets: readonly LockSet[]
  readonly onConflict: 'fail' | 'wait'
  readonly user: { id: string, label: string } | null
  readonly reason: string | null
  readonly retryOf: string | null
  readonly terms: TaskTerms
}

/**
 * Takes the locks of a task and writes its row, in the transaction of `sql`.
 * @throws records_locked, too_many_jobs
 */
export async function insertTask (
  engine: Pick<Engine, 'tables' | 'options' | 'resources' | 'lifecycle'>, sql: Sql, { name, payload, version, sets, onConflict, user, reason, retryOf, terms }: NewTask
): Promise<JobRow> {
  const { tables } = engine
  const id = uuidv7()
  const taken = await takeLocks(sql, tables, { sets, selectionId: id, wait: onConflict === 'wait' })
  await enforceQueuedJobsLimit(engine, sql, user)
  const job = await insertJob(sql, tables, {
    id,
    kind: 'task',
    resource: null,
    operation: name,
    status: taken === 'waiting' ? 'waiting' : 'queued',
    onError: 'rollback',
    onConflict,
    selectionId: id,
    spec: { payload, version, lockChunks: chunkCountOf(sets) },
    fingerprint: `${name}@${version}`,
    reason,
    createdBy: user,
    undoOf: null,
    retryOf,
    total: 0,
    claim: null,
    task: terms
  })
  await recordCreate(engine, sql, job)
  return job
}
