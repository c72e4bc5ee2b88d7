import { AssertionError } from 'node:assert/strict'
import type { Job, JobStatus } from '../../../schemas/job.ts'
import { problem } from '../../errors.ts'
import { viewLive } from '../../jobs/view/read-view.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { isTerminal } from '../../engine/states.ts'
import { createJobFeed } from '../../live/job-feed.ts'
import { engineOf, type AsyncManager } from '../manager/async-manager.ts'
import { handleDelivery } from '../../execution/worker/handle-delivery.ts'
import { readLocks, prepareNextJob } from './statements.ts'

export interface RunOptions {
  /** Whether delayed jobs run too; true by default. */
  readonly delayed?: boolean
}

/**
 * Runs all queued jobs in the process of the test until none is left, including those that they launch or grant.
 * Meant for applications that are tested without a worker (`worker: { mode: 'separate' }`). Their lifecycle events are
 * delivered before it resolves. Resolves to the jobs that were run, in order.
 */
export async function runQueuedJobs (powercrud: AsyncManager, { delayed = true }: RunOptions = {}): Promise<Job[]> {
  const engine = engineOf(powercrud)
  const { database, tables } = engine
  const signal = new AbortController().signal
  const worked = new Set<string>()
  const left = new Set<string>()
  for (;;) {
    const next = await prepareNextJob(database, tables, { delayed, except: [...left] })
    if (next === undefined) break
    const outcome = await handleDelivery(engine, { jobId: next.id, n: next.n }, { signal })
    // This process may not know the task.
    if (outcome.done) worked.add(next.id)
    else left.add(next.id)
  }
  await engine.lifecycle.deliver()
  return Promise.all([...worked].map(async (id) => viewLive(engine, (await readJob(database, tables, id))!)))
}

/**
 * Waits, by signal and not by time, until a job has ended, or is in a status.
 * @throws an AssertionError when it ends otherwise, or the time is over
 */
export async function waitForJob (powercrud: AsyncManager, jobId: string, { status, timeoutMs = 10_000 }: { status?: JobStatus, timeoutMs?: number } = {}): Promise<Job> {
  const engine = engineOf(powercrud)
  const feed = createJobFeed(engine.live, { pollMs: 250 })
  let seen: Job | undefined
  try {
    for await (const news of feed.changes(jobId, AbortSignal.timeout(timeoutMs))) {
      if (news === 'progress') continue
      const row = await readJob(engine.database, engine.tables, jobId)
      if (row === undefined) throw problem('job_not_found')
      seen = await viewLive(engine, row)
      if (status === undefined ? isTerminal(seen.status) : seen.status === status) return seen
      if (isTerminal(seen.status)) break
    }
  } finally {
    feed.close()
  }
  throw new AssertionError({
    message: `job ${jobId} (${seen?.operation}) did not become ${status ?? 'terminal'}${seen !== undefined && isTerminal(seen.status) ? ', and never will' : ` within ${timeoutMs} ms`}`,
    actual: seen?.status,
    expected: status ?? 'a terminal status'
  })
}

/**
 * Asserts that no record is locked or waited for.
 * @throws an AssertionError that names the jobs
 */
export async function assertNoLocks (powercrud: AsyncManager): Promise<void> {
  const { database, tables } = engineOf(powercrud)
  const locks = await readLocks(database, tables)
  if (locks.length === 0) return
  throw new AssertionError({
    message: `records are still locked: ${locks.map(({ root, records, job_id: jobId, operation, status }) =>
      `${records} of ${root} by ${jobId === null ? 'no job' : `job ${jobId} (${operation}, ${status})`}`).join('; ')}`,
    actual: locks,
    expected: [],
    operator: 'assertNoLocks'
  })
}
