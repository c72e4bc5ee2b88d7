import type { Engine } from '../engine/engine.ts'
import type { JobSignal } from '../live/live-store.ts'

/**
 * Signals to every server that a job has changed. Never fails: who misses a signal sees the change when it reads the job again.
 * @param kind `status`: its row has another status. `request`: something is asked of its worker.
 */
export async function announceChange ({ live, log }: Pick<Engine, 'live' | 'log'>, jobId: string, kind: JobSignal['kind'] = 'status'): Promise<void> {
  try {
    await live.signal({ jobId, kind })
  } catch (error) {
    log.warn({ jobId, kind, err: error }, 'could not signal a change of a job')
  }
}
