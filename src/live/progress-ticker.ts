import type { LiveProgress, LiveStore } from './live-store.ts'
import { createFailureReporter } from './reconnect-backoff.ts'

/** The clock that the ticker uses. */
export interface TickerClock {
  /** Milliseconds since the epoch. */
  now (): number
  /** Calls `run` once, `ms` from now; the returned function cancels it. */
  after (ms: number, run: () => void): () => void
}

export const systemClock: TickerClock = {
  now: Date.now,
  after (ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  }
}

export interface ProgressTickerOptions {
  store: Pick<LiveStore, 'publish'>
  jobId: string
  /** The fencing token of the claim that works. */
  fence: number
  /** Records in the frozen selection. */
  total: number
  /** The message, when `update` gets none. */
  describe?: (processed: number, total: number) => string
  /** The shortest time between two publications. */
  everyMs?: number
  clock?: TickerClock
  /** Called for the first failure of the store, not for each. */
  onError: (error: Error) => void
}

/** Throttles the progress of a running job. */
export interface ProgressTicker {
  /** Cheap, and never fails. A task may learn its `total` while it runs. */
  update (processed: number, message?: string, total?: number): void
  /** Publishes nothing more; resolves when a publication in progress has ended, after `timeoutMs` at the latest. */
  stop (timeoutMs?: number): Promise<void>
}

/** The longest time between two attempts while the store fails. */
const maxGapMs = 5_000

/**
 * Publishes the progress of a job. The first update is published at once, later ones together, `everyMs` after the last
 * publication started, or as soon as it has ended if it took longer: two publications never overlap, and the last update
 * is published without another call. A failed publication is repeated with the latest progress, with backoff.
 *
 * Progress that is not published when the job ends never is: the job's row has more.
 */
export function createProgressTicker ({
  store, jobId, fence, total, everyMs = 200, clock = systemClock, onError,
  describe = (processed, total) => `${processed}/${total}`
}: ProgressTickerOptions): ProgressTicker {
  const failures = createFailureReporter(onError)
  let latest: { processed: number, total: number, message: string | undefined } = { processed: 0, total, message: undefined }
  let isPending = false
  let isStopped = false
  let gapMs = everyMs
  let nextAtMs = -Infinity
  let publishing: Promise<void> | undefined
  let cancelTimer: (() => void) | undefined

  function schedule (): void {
    if (!isPending || isStopped || publishing !== undefined || cancelTimer !== undefined) return
    // Never longer than the gap, or a clock that is set back would stop the progress.
    const waitMs = Math.min(nextAtMs - clock.now(), gapMs)
    if (waitMs <= 0) start()
    else cancelTimer = clock.after(waitMs, start)
  }

  function start (): void {
    cancelTimer = undefined
    isPending = false
    nextAtMs = clock.now() + gapMs
    publishing = publish().then(() => {
      publishing = undefined
      schedule()
    })
  }

  async function publish (): Promise<void> {
    try {
      await store.publish(jobId, progressNow())
      gapMs = everyMs
      failures.recovered()
    } catch (error) {
      isPending = true
      gapMs = Math.min(gapMs * 2, maxGapMs)
      nextAtMs = clock.now() + gapMs
      failures.failed(error)
    }
  }

  function progressNow (): LiveProgress {
    const { processed, total, message = describe(processed, total) } = latest
    return { fence, processed, total, message, reportedAtMs: clock.now() }
  }

  return {
    update (processed, message, total = latest.total) {
      if (isStopped || (processed === latest.processed && message === latest.message && total === latest.total)) return
      latest = { processed, total, message }
      isPending = true
      schedule()
    },
    async stop (timeoutMs = 1_000) {
      isStopped = true
      cancelTimer?.()
      if (publishing === undefined) return
      const { promise: timeout, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(timeoutMs, resolve)
      await Promise.race([publishing, timeout])
      cancel()
    }
  }
}
