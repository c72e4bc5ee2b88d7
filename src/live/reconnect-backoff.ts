/** Tells an outage once: its first error, and nothing more until something has worked again. */
export interface Outage {
  /** How many failures in a row there have been. */
  readonly failureCount: number
  failed (error: unknown): void
  recovered (): void
}

export function watchOutage (onError: (error: Error) => void): Outage {
  let failureCount = 0
  return {
    get failureCount () { return failureCount },
    failed (error) {
      failureCount += 1
      if (failureCount === 1) onError(error as Error)
    },
    recovered () { failureCount = 0 }
  }
}

/**
 * How long to wait before the next attempt: 50 ms at first, doubled each time, 2 s at most. A part of it is left to
 * chance, so that the servers of a fleet do not come back all in the same moment.
 */
export function retryDelayMs (failureCount: number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(failureCount - 1, 6), 2_000)
  return Math.round(delayMs * (0.75 + Math.random() / 4))
}
