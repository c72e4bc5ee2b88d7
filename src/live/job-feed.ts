import type { JobSignal, LiveStore } from './live-store.ts'

/** Why to read a job: the first reading, a signal, or a poll because no signal arrived for a while. */
export type FeedEvent = 'first' | JobSignal['kind'] | 'poll'

/** Distributes signals to the waiters of this process. */
export interface JobFeed {
  /**
   * Yields whenever the job should be read again, until `signal` aborts, the feed closes, or the loop ends. The
   * subscription starts before the first event, so no change after the first reading is missed.
   * Signals that arrive while an event is being handled are merged into one, named by the most important of them.
   */
  changes (jobId: string, signal?: AbortSignal): AsyncGenerator<FeedEvent, void, undefined>
  /** Ends all loops. */
  close (): void
}

export interface JobFeedOptions {
  /** The longest time between two events: signals may be lost. */
  pollMs?: number
}

/** All waiters share one subscription to the store, which starts with the first of them. */
export function createJobFeed (store: Pick<LiveStore, 'subscribe'>, { pollMs = 1_000 }: JobFeedOptions = {}): JobFeed {
  const waiters = new Map<string, Set<Waiter>>()
  let unsubscribe: (() => void) | undefined
  let isClosed = false

  const add = (jobId: string, waiter: Waiter) => {
    unsubscribe ??= store.subscribe(({ jobId, kind }) => {
      for (const waiter of waiters.get(jobId) ?? []) waiter.notify(kind)
    })
    const ofJob = waiters.get(jobId) ?? new Set()
    waiters.set(jobId, ofJob.add(waiter))
  }
  const remove = (jobId: string, waiter: Waiter) => {
    const ofJob = waiters.get(jobId)
    ofJob?.delete(waiter)
    if (ofJob?.size === 0) waiters.delete(jobId)
  }

  return {
    async * changes (jobId, signal) {
      if (isClosed || signal?.aborted) return
      const waiter = new Waiter(pollMs)
      const end = () => waiter.end()
      add(jobId, waiter)
      signal?.addEventListener('abort', end)
      try {
        for (let event: FeedEvent | undefined = 'first'; event !== undefined; event = await waiter.next()) yield event
      } finally {
        signal?.removeEventListener('abort', end)
        remove(jobId, waiter)
      }
    },
    close () {
      isClosed = true
      unsubscribe?.()
      for (const ofJob of waiters.values()) for (const waiter of ofJob) waiter.end()
    }
  }
}

const importance: Record<FeedEvent, number> = { first: 0, poll: 1, progress: 2, request: 3, status: 4 }

/** A loop that waits for one job. */
class Waiter {
  readonly #pollMs: number
  #pending: FeedEvent | undefined
  #isEnded = false
  #wake: () => void = () => undefined

  constructor (pollMs: number) {
    this.#pollMs = pollMs
  }

  notify (event: FeedEvent): void {
    if (this.#pending === undefined || importance[event] > importance[this.#pending]) this.#pending = event
    this.#wake()
  }

  end (): void {
    this.#isEnded = true
    this.#wake()
  }

  /** The event since the last call, or the next one; undefined once it has ended. */
  async next (): Promise<FeedEvent | undefined> {
    if (this.#pending === undefined && !this.#isEnded) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(() => this.notify('poll'), this.#pollMs)
      await promise
      clearTimeout(timer)
    }
    const event = this.#pending
    this.#pending = undefined
    return this.#isEnded ? undefined : event
  }
}
