import { v7 as uuidv7 } from 'uuid'
import type { OnConflict, OnError } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { recordCreate } from '../../jobs/lifecycle/record-events.ts'
import { takeRecords } from '../../jobs/locks/take-records.ts'
import type { FrozenSelection, Selection, SelectionView } from '../../entities/selection.ts'
import { checkReferences } from '../../entities/references.ts'
import { enqueueLaunched, requireQueue } from '../../jobs/enqueue-launched.ts'
import { freezeLaunch } from './freeze-launch.ts'
import { keepIdempotencyKey, reserveIdempotencyKey, type IdempotencyClaim } from '../../jobs/idempotency.ts'
import { type JobRow, type JobSpec, specOf } from '../../engine/job-row.ts'
import { insertJob } from '../../jobs/store/job-rows.ts'
import { insertJobChunks } from '../../jobs/store/chunks.ts'
import { lockUndoneJob } from '../../jobs/store/launches.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { enforceQueuedJobsLimit } from '../../jobs/queued-jobs-limit.ts'

export interface BulkLaunch {
  resource: EngineResource
  operation: 'update' | 'delete' | 'undo'
  /** A new selection, that of a preview, or what another job left undone or wrote. */
  selection: Selection | { unfinishedOf: JobRow } | { writtenBy: JobRow }
  /** The validated change set of an update, as it came in JSON. */
  set?: Record<string, unknown>
  onError: OnError
  onConflict: OnConflict
  reason: string | null
  user: { id: string, label: string } | null
  view: SelectionView
  /** Whether the caller runs the job in the request: `small` when it has few records, `always`, or `never`. */
  runInRequest: 'small' | 'always' | 'never'
  idempotency: IdempotencyClaim | undefined
}

export interface Launched {
  job: JobRow
  /** The caller holds the claim and has to run the job. */
  claimed: boolean
  /** The job of an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

/**
 * Freezes a selection, locks its records and inserts the job in one READ COMMITTED transaction, and enqueues it after the
 * commit. Leaves nothing behind when it throws.
 *
 * @throws too_many_records, count_mismatch, records_locked, reference_not_found, idempotency_in_flight,
 * idempotency_key_reused, too_many_jobs, unavailable
 */
export async function launchBulk (engine: Engine, launch: BulkLaunch): Promise<Launched> {
  // Before the transaction: the holder of one connection of a pool must not wait for another one.
  const unreachable = mayBeQueued(engine, launch) ? await requireQueue(engine).then(() => undefined, (error: Error) => error) : undefined
  const launched = await mapConnectionErrors(engine, () => engine.database.transaction((sql) => prepare(engine, sql, launch, unreachable)))
  if (launched.job.status === 'queued' && !launched.replayed) await enqueueLaunched(engine, launched.job)
  return launched
}

async function prepare (engine: Engine, sql: Sql, launch: BulkLaunch, unreachable: Error | undefined): Promise<Launched> {
  const { tables, workerId, leaseMs } = engine
  const { resource, idempotency } = launch
  const known = idempotency && await reserveIdempotencyKey(sql, tables, idempotency)
  if (known !== undefined) return { job: known, claimed: false, replayed: true }

  if ('writtenBy' in launch.selection) await requireNotUndone(sql, tables, launch.selection.writtenBy)
  await checkReferences(sql, resource, launch.view, launch.set ?? {})
  const id = uuidv7()
  const frozen = await freezeLaunch(engine, sql, launch, id)
  const { selectionId } = frozen
  const isSmall = runsInRequest(engine, launch, frozen)
  if (!isSmall) requireBackground(launch, unreachable)

  // Without background work nothing would ever grant the records, so `wait` becomes `fail`.
  const onConflict = launch.onConflict === 'wait' && !mayWait(engine, launch) ? 'fail' : launch.onConflict
  const taken = resource.options.bulkAsyncConflictChecking
    ? await takeRecords(sql, tables, resource, { selectionId, chunkCount: frozen.chunkCount, onConflict })
    : 'held'
  if (isSmall && taken === 'waiting') requireBackground(launch, unreachable)
  const claimed = isSmall && taken === 'held'
  if (!claimed) await enforceQueuedJobsLimit(engine, sql, launch.user)
  const job = await insertJob(sql, tables, {
    id,
    kind: 'bulk',
    resource: resource.name,
    operation: launch.operation,
    status: claimed ? 'running' : taken === 'waiting' ? 'waiting' : 'queued',
    onError: launch.onError,
    onConflict: launch.onConflict,
    selectionId,
    spec: { ...specOf(launch), ...forUndo(launch) },
    fingerprint: resource.fingerprint,
    reason: launch.reason,
    createdBy: launch.user,
    undoOf: 'writtenBy' in launch.selection ? launch.selection.writtenBy.id : null,
    retryOf: 'unfinishedOf' in launch.selection ? launch.selection.unfinishedOf.id : null,
    total: frozen.total,
    claim: claimed ? { worker: workerId, leaseMs } : null
  })
  await insertJobChunks(sql, tables, { jobId: id, selectionId, root: resource.root })
  await recordCreate(engine, sql, job)
  if (idempotency !== undefined) await keepIdempotencyKey(sql, tables, idempotency, id)
  return { job, claimed, replayed: false }
}

/** What a job needs to know to be undone, or to undo another. */
function forUndo ({ resource, operation, selection }: BulkLaunch): Pick<JobSpec, 'set' | 'keepsImages' | 'undoes'> {
  if ('writtenBy' in selection) {
    const { operation: undoes, spec: { set } } = selection.writtenBy
    return { undoes: undoes as 'update' | 'delete', ...(set !== undefined && { set }) }
  }
  return resource.options.undo && operation !== 'undo' ? { keepsImages: true } : {}
}

async function requireNotUndone (sql: Sql, tables: Tables, job: JobRow): Promise<void> {
  const undo = await lockUndoneJob(sql, tables, job.id)
  if (undo !== undefined) throw problem('wrong_state', 'the job is being undone, or has been', { jobId: undo })
}

function runsInRequest (
  { options }: Pick<Engine, 'options'>, { runInRequest, resource }: BulkLaunch, { total }: Pick<FrozenSelection, 'total'>
): boolean {
  if (!options.asyncEnabled || !resource.options.bulkAsync || runInRequest === 'always') return true
  return runInRequest === 'small' && total < resource.options.bulkMinAsyncRecords
}

/** Whether the queue may be needed; decided before the number of records is known. */
function mayBeQueued (engine: Pick<Engine, 'options'>, launch: BulkLaunch): boolean {
  const { selection, resource, onConflict } = launch
  const atMost = 'ids' in selection ? selection.ids.length : Infinity
  return onConflict === 'wait' || !runsInRequest(engine, launch, { total: Math.min(atMost, resource.options.bulkMaxSelectedRecords) })
}

function mayWait ({ options }: Pick<Engine, 'options'>, { resource }: BulkLaunch): boolean {
  return options.asyncEnabled && resource.options.bulkAsync
}

/** A background job needs an allowed owner and a reachable queue. */
function requireBackground ({ resource, user }: BulkLaunch, unreachable: Error | undefined): void {
  if (user === null && !resource.options.bulkAsyncAllowAnonymous) {
    throw problem('unauthenticated', `background jobs on ${resource.name} require a signed-in user`)
  }
  if (unreachable !== undefined) throw unreachable
}
