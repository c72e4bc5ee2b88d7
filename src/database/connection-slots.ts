import { engineError } from '../errors.ts'

/** A pool's connections, given out in the order of requests. */
export interface ConnectionSlots {
  /** Runs `work` while it holds a slot. @throws pool_busy when the queue is full, or no slot was free in time */
  use<Result> (work: () => Promise<Result>): Promise<Result>
}

/**
 * Bounds who waits for a connection, in number and time. Without it the driver's time limit for opening a connection counts
 * the wait for a free one too, and a busy pool looks like a database that cannot be reached.
 */
export function createConnectionSlots ({ max, waitersMax, waitMs }: { max: number, waitersMax: number, waitMs: number }): ConnectionSlots {
  let used = 0
  const waiters = new Set<() => void>()

  async function acquire (): Promise<void> {
    if (used < max) {
      used++
      return
    }
    if (waiters.size >= waitersMax) throw engineError('pool_busy')
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(grant)
        reject(engineError('pool_busy'))
      }, waitMs)
      const grant = () => {
        clearTimeout(timer)
        resolve()
      }
      waiters.add(grant)
    })
  }

  /** A freed slot goes to the first waiter, and stays used. */
  function release (): void {
    const [first] = waiters
    if (first === undefined) {
      used--
      return
    }
    waiters.delete(first)
    first()
  }

  return {
    async use (work) {
      await acquire()
      try {
        return await work()
      } finally {
        release()
      }
    }
  }
}
