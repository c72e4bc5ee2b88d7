import type { Sql } from '../database/sql.ts'
import type { Engine } from '../engine/engine.ts'
import { problem } from '../errors.ts'
import { takeAdvisoryLock } from '../database/advisory-lock.ts'
import { retryAfterSeconds } from '../database/unavailable.ts'
import { countQueuedJobs } from './store/launches.ts'

/**
 * Limits a user to `maxQueuedJobsPerUser` queued and waiting jobs. Called in the transaction that adds one, after the
 * locks of its records and shortly before its end, so that launches of one user wait for each other no longer than they
 * must. Anonymous callers (null) are not limited: strangers who shared a limit could lock each other out.
 *
 * @throws too_many_jobs; unavailable when other launches of the user take too long
 */
export async function enforceQueuedJobsLimit ({ tables, options: { maxQueuedJobsPerUser } }: Pick<Engine, 'tables' | 'options'>, sql: Sql, user: { id: string } | null): Promise<void> {
  if (user === null) return
  await takeAdvisoryLock(sql, `powercrud user ${tables.schema} ${user.id}`, 'your other launches take too long')
  // A statement of its own: it must see what the launches before it have committed.
  if (await countQueuedJobs(sql, tables, { userId: user.id, atMost: maxQueuedJobsPerUser }) < maxQueuedJobsPerUser) return
  throw problem('too_many_jobs',
    `you have ${maxQueuedJobsPerUser} ${maxQueuedJobsPerUser === 1 ? 'job' : 'jobs'} queued or waiting, and more are not allowed; try again when one has started`,
    { retryAfterSeconds })
}
