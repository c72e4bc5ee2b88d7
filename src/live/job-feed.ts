import type { JobSignal, LiveStore } from './live-store.ts'

/** Why to look at a job: for the first time, because of a signal, or because there was none for a while. */
export type JobNews = 'first' | JobSignal['kind'] | 'poll'

/** Hands signals to those in this process who wait for a job. */
export interface JobFeed {
  /**
   * Says when to look at a job, until `signal` aborts, the feed closes, or the loop is left. Read the job at each turn:
   * the subscription begins before the first, so nothing that happens after that reading is missed.
   * Signals that come while a turn is being handled are one turn afterwards, named by the weightiest of them.
   */
  changes (jobId: string, signal?: AbortSignal): AsyncGenerator<JobNews, void, undefined>
  /** Ends every loop. */
  close (): void
}

export interface JobFeedOptions {
  /** How long a turn is waited for at most: signals may be lost. */
  pollMs?: number
}

/** All who wait share one subscription to the store, which begins with the first of them. */
export function createJobFeed (store: Pick<LiveStore, 'listen'>, { pollMs = 1_000 }: JobFeedOptions = {}): JobFeed {
  const watchers = new Map<string, Set<Watcher>>()
  let unlisten: (() => void) | undefined
  let isClosed = false

  const add = (jobId: string, watcher: Watcher) => {
    unlisten ??= store.listen(({ jobId, kind }) => {
      for (const watcher of watchers.get(jobId) ?? []) watcher.tell(kind)
    })
    const ofJob = watchers.get(jobId) ?? new Set()
    watchers.set(jobId, ofJob.add(watcher))
  }
  const remove = (jobId: string, watcher: Watcher) => {
    const ofJob = watchers.get(jobId)
    ofJob?.delete(watcher)
    if (ofJob?.size === 0) watchers.delete(jobId)
  }

  return {
    async * changes (jobId, signal) {
      if (isClosed || signal?.aborted) return
      const watcher = new Watcher(pollMs)
      const end = () => watcher.end()
      add(jobId, watcher)
      signal?.addEventListener('abort', end)
      try {
        for (let news: JobNews | undefined = 'first'; news !== undefined; news = await watcher.next()) yield news
      } finally {
        signal?.removeEventListener('abort', end)
        remove(jobId, watcher)
      }
    },
    close () {
      isClosed = true
      unlisten?.()
      for (const ofJob of watchers.values()) for (const watcher of ofJob) watcher.end()
    }
  }
}

const weight: Record<JobNews, number> = { first: 0, poll: 1, progress: 2, wish: 3, status: 4 }

/** One who waits for one job. */
class Watcher {
  readonly #pollMs: number
  #pending: JobNews | undefined
  #isEnded = false
  #wake: () => void = () => undefined

  constructor (pollMs: number) {
    this.#pollMs = pollMs
  }

  tell (news: JobNews): void {
    if (this.#pending === undefined || weight[news] > weight[this.#pending]) this.#pending = news
    this.#wake()
  }

  end (): void {
    this.#isEnded = true
    this.#wake()
  }

  /** What happened since the last call, or what happens next; undefined once it has ended. */
  async next (): Promise<JobNews | undefined> {
    if (this.#pending === undefined && !this.#isEnded) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(() => this.tell('poll'), this.#pollMs)
      await promise
      clearTimeout(timer)
    }
    const news = this.#pending
    this.#pending = undefined
    return this.#isEnded ? undefined : news
  }
}
