import type { Engine } from '../../engine/engine.ts'
import { renewLease } from '../../jobs/store/claims.ts'
import { engineError } from '../../errors.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import type { Claim } from './claim.ts'

export interface Heartbeat {
  /** Aborts when the claim is lost, with `lease_lost` as its reason. */
  readonly lost: AbortSignal
  /** Aborts when a cancel or a pause is requested, with the job's status as its reason. */
  readonly interrupted: AbortSignal
  /** The work has progressed: the next beat records it, and the job does not count as stuck. */
  reportProgress (): void
  /** Renews the lease and reads the job's status at once. */
  beat (): Promise<void>
  stop (): Promise<void>
}

/**
 * Renews the lease of a claim while its work goes on, over a connection of its own, and reads there whether the
 * job should stop. A worker that cannot reach the database for as long as the lease has lost it: another worker may have the
 * job by then.
 */
export function startHeartbeat (engine: Pick<Engine, 'pulse' | 'tables' | 'live' | 'log' | 'leaseMs'>, { job, fence }: Claim): Heartbeat {
  const { pulse, tables, live, log, leaseMs } = engine
  const lost = new AbortController()
  const interrupted = new AbortController()
  let renewedAtMs = performance.now()
  let beating: Promise<void> | undefined
  let ended = false
  let moved = false

  const renew = async () => {
    const startedAtMs = performance.now()
    const reportsProgress = moved
    moved = false
    try {
      const status = await renewLease(pulse, tables, { id: job.id, fence, leaseMs, moved: reportsProgress })
      if (status === undefined) lost.abort(engineError('lease_lost'))
      else {
        renewedAtMs = startedAtMs
        interrupt(status)
      }
    } catch (error) {
      moved ||= reportsProgress
      log.warn({ jobId: job.id, err: error }, 'could not renew the lease of a job')
    }
    if (performance.now() - renewedAtMs >= leaseMs) lost.abort(engineError('lease_lost'))
  }
  const interrupt = (status: JobStatus) => {
    if (status !== 'running') interrupted.abort(status)
  }
  const beat = () => {
    beating ??= renew().finally(() => { beating = undefined })
    return beating
  }

  const timer = setInterval(() => { beat() }, Math.max(50, leaseMs / 3))
  // The heartbeat must not be what keeps a process alive that has nothing else to do.
  timer.unref()
  // A statement that hangs (a frozen server) resolves nothing: the watch sees the lease run out all the same.
  const watch = setInterval(() => {
    if (performance.now() - renewedAtMs >= leaseMs) lost.abort(engineError('lease_lost'))
  }, Math.max(25, leaseMs / 10))
  watch.unref()
  const unlisten = live.subscribe((signal) => {
    if (signal.jobId === job.id && signal.kind === 'request' && !ended) beat()
  })

  return {
    lost: lost.signal,
    interrupted: interrupted.signal,
    reportProgress () { moved = true },
    beat,
    async stop () {
      ended = true
      clearInterval(timer)
      clearInterval(watch)
      unlisten()
      await beating
    }
  }
}
