import { endJobNow } from '../../jobs/end-job.ts'
import { pauseJob, releaseJob } from '../../jobs/store/transitions.ts'
import type { Outcomes } from './counts.ts'
import { interruptionOf, type Run, type RunEnd } from './run.ts'

/**
 * Settles an interrupted job between two chunks: cancelled, paused, or requeued for another worker. If it was interrupted
 * twice (cancelled during a shutdown), the job row decides.
 *
 * Input: what became of the records, where that is not what the row has counted.
 */
export async function settleInterruption (run: Pick<Run, 'engine' | 'claim' | 'heartbeat' | 'stopping'>, counts: Outcomes | undefined): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  const { database, tables } = engine
  switch (interruptionOf(run)) {
    case 'cancelling': {
      const end = { status: 'cancelled', error: null, ...(counts !== undefined && { counts }) } as const
      const ended = await endJobNow(engine, { job, fence, transition: 'settleCancel', end })
      return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
    }
    case 'pausing':
      return await pauseJob(database, tables, { id: job.id, fence }) ? { kind: 'paused' } : { kind: 'lost' }
    case 'stopping':
      return await releaseJob(database, tables, { id: job.id, fence }) ? { kind: 'released' } : { kind: 'lost' }
    case undefined:
      return { kind: 'lost' }
  }
}
