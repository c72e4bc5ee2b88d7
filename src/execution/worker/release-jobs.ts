import type { Engine } from '../../engine/engine.ts'
import { enqueue } from '../../jobs/enqueue.ts'
import { releaseJobsOfWorker } from '../../jobs/store/transitions.ts'

/**
 * Requeues the jobs that this process is working on: their transactions cannot commit any more, no worker's death is counted, and
 * another worker can take them at once. For a process that exits without waiting for them.
 */
export async function releaseJobs ({ pulse, tables, queue, workerId }: Pick<Engine, 'pulse' | 'tables' | 'queue' | 'workerId'>): Promise<void> {
  const released = await releaseJobsOfWorker(pulse, tables, workerId)
  await Promise.all(released.map(({ id, n }) => enqueue({ queue }, { id, n })))
}
