/** After this many lost connections without progress, the job itself is taken to be their cause. */
export const maxConnectionLosses = 10

/** How long to wait after a lost connection before the work starts again. */
export const lossBackoff = { firstMs: 50, maxMs: 2_000 }

/** Counts the connections that a run loses, and forgets them once it gets further than before. */
export interface ConnectionLosses {
  /**
   * The work has come to this place (a number of records).
   * Returns whether that is further than before: work that is repeated is no progress.
   */
  reached (place: number): boolean
  /**
   * A connection was lost. One that was lost because the server restarted is not counted.
   * Returns the losses since the last progress.
   */
  lost (serverStartedAt: Date): number
}

/** @param claimedAt by the database's clock */
export function countConnectionLosses (claimedAt: Date): ConnectionLosses {
  let furthest = 0
  let count = 0
  let knownStart = claimedAt
  return {
    reached (place) {
      if (place <= furthest) return false
      furthest = place
      count = 0
      return true
    },
    lost (serverStartedAt) {
      if (serverStartedAt > knownStart) knownStart = serverStartedAt
      else count += 1
      return count
    }
  }
}
