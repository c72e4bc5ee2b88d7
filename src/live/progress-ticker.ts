import type { LiveProgress, LiveStore } from './live-store.ts'
import { watchOutage } from './reconnect-backoff.ts'

/** Time, as the ticker sees it. */
export interface TickerClock {
  /** Milliseconds since the epoch. */
  now (): number
  /** Calls `run` once, `ms` from now; the returned function calls it off. */
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
  store: Pick<LiveStore, 'tell'>
  jobId: string
  /** The fencing token of the claim that works. */
  fence: number
  /** Records in the frozen selection. */
  total: number
  /** What people read where `update` is given no message of its own. */
  describe?: (processed: number, total: number) => string
  /** The shortest time between two tells. */
  everyMs?: number
  clock?: TickerClock
  /** Told when the store begins to fail, not each time that it does. */
  onError: (error: Error) => void
}

/** What a running job calls as often as it likes. */
export interface ProgressTicker {
  /** Costs next to nothing, and never fails. A task may learn its `total` only on the way. */
  update (processed: number, message?: string, total?: number): void
  /** Tells nothing more; resolves when a tell under way has ended, after `timeoutMs` at the latest. */
  stop (timeoutMs?: number): Promise<void>
}

/** How seldom a store that fails is tried again. */
const slowestMs = 5_000

/**
 * Tells the store how far a job is. The first movement is told at once, later ones together, `everyMs` after the last
 * tell began, or as soon as it has ended where it took longer: two tells never overlap, and what moved last is told
 * without another call. A tell that failed is repeated with what is true by then, ever more seldom while it fails.
 *
 * Progress that is not told when the job ends stays untold: the job's row says more.
 */
export function createProgressTicker ({
  store, jobId, fence, total, everyMs = 200, clock = systemClock, onError,
  describe = (processed, total) => `${processed}/${total}`
}: ProgressTickerOptions): ProgressTicker {
  const outage = watchOutage(onError)
  let latest: { processed: number, total: number, message: string | undefined } = { processed: 0, total, message: undefined }
  let isUntold = false
  let isStopped = false
  let gapMs = everyMs
  let nextAtMs = -Infinity
  let telling: Promise<void> | undefined
  let callOff: (() => void) | undefined

  function arm (): void {
    if (!isUntold || isStopped || telling !== undefined || callOff !== undefined) return
    // Never longer than the gap, or a clock that is set back would silence the job.
    const waitMs = Math.min(nextAtMs - clock.now(), gapMs)
    if (waitMs <= 0) begin()
    else callOff = clock.after(waitMs, begin)
  }

  function begin (): void {
    callOff = undefined
    isUntold = false
    nextAtMs = clock.now() + gapMs
    telling = tell().then(() => {
      telling = undefined
      arm()
    })
  }

  async function tell (): Promise<void> {
    try {
      await store.tell(jobId, progressNow())
      gapMs = everyMs
      outage.recovered()
    } catch (error) {
      isUntold = true
      gapMs = Math.min(gapMs * 2, slowestMs)
      nextAtMs = clock.now() + gapMs
      outage.failed(error)
    }
  }

  function progressNow (): LiveProgress {
    const { processed, total, message = describe(processed, total) } = latest
    return { fence, processed, total, message, toldAtMs: clock.now() }
  }

  return {
    update (processed, message, total = latest.total) {
      if (isStopped || (processed === latest.processed && message === latest.message && total === latest.total)) return
      latest = { processed, total, message }
      isUntold = true
      arm()
    },
    async stop (timeoutMs = 1_000) {
      isStopped = true
      callOff?.()
      if (telling === undefined) return
      const { promise: timeout, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(timeoutMs, resolve)
      await Promise.race([telling, timeout])
      cancel()
    }
  }
}
