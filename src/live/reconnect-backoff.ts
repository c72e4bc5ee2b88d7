/** Reports the first error of an outage, and nothing more until something has succeeded. */
export interface FailureReporter {
  /** The number of consecutive failures. */
  readonly failureCount: number
  failed (error: unknown): void
  recovered (): void
}

export function createFailureReporter (onError: (error: Error) => void): FailureReporter {
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
 * How long to wait before the next attempt: 50 ms at first, doubled each time, 2 s at most. With jitter,
 * so that the servers of a fleet do not all reconnect at the same moment.
 */
export function retryDelayMs (failureCount: number): number {
  const delayMs = Math.min(50 * 2 ** Math.min(failureCount - 1, 6), 2_000)
  return Math.round(delayMs * (0.75 + Math.random() / 4))
}
