import type { Engine } from '../engine/engine.ts'
import { problem } from '../errors.ts'
import { announceChange } from '../jobs/announce-change.ts'
import { endJobNow } from '../jobs/end-job.ts'
import type { JobRow } from '../engine/job-row.ts'
import { requestCancel } from '../jobs/store/transitions.ts'
import { readJob } from '../jobs/store/job-rows.ts'
import { mapConnectionErrors } from '../database/unavailable.ts'

/**
 * Cancels a job. One that no worker has claimed ends at once; a running one ends after its current chunk, or rolls back
 * when it is one transaction. What was committed stays, and is counted. Cancelling twice is cancelling.
 * @throws job_not_found, wrong_state for a job that has ended, unavailable
 */
export async function cancelJob (engine: Engine, id: string): Promise<JobRow> {
  return mapConnectionErrors(engine, () => cancel(engine, id))
}

/** Each step is a compare-and-set: when the job changes in between, it is read again. */
async function cancel (engine: Engine, id: string): Promise<JobRow> {
  const { database, tables } = engine
  for (;;) {
    const job = await readJob(database, tables, id)
    if (job === undefined) throw problem('job_not_found')
    switch (job.status) {
      case 'queued':
      case 'waiting':
      case 'paused': {
        const ended = await endJobNow(engine, { job, fence: undefined, transition: 'cancel', end: { status: 'cancelled', error: null } })
        if (ended !== undefined) return ended
        break
      }
      case 'running':
      case 'pausing': {
        const asked = await requestCancel(database, tables, id)
        if (asked === undefined) break
        await announceChange(engine, id, 'request')
        return asked
      }
      case 'cancelling':
        return job
      default:
        throw problem('wrong_state', `the job has ended (${job.status}) and cannot be cancelled`, { jobId: id })
    }
  }
}
