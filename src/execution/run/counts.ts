import type { JobCounts } from '../../engine/job-row.ts'
import type { ChunkResult } from '../../jobs/store/chunks.ts'
import type { SliceOutcome } from '../../engine/writer.ts'

export type Outcomes = Omit<JobCounts, 'total'>

export const zeroOutcomes: Outcomes = { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 }

/** Counts a chunk of `size` records: those that are not named succeeded. */
export function countsOf ({ unchanged, missing, refused }: SliceOutcome, size: number): Outcomes {
  const failed = refused.filter(({ outcome }) => outcome === 'failed').length
  return {
    succeeded: size - unchanged.length - missing.length - refused.length,
    unchanged: unchanged.length,
    missing: missing.length,
    skipped: refused.length - failed,
    failed
  }
}

export function addOutcomes (one: Outcomes, other: Outcomes): Outcomes {
  return {
    succeeded: one.succeeded + other.succeeded,
    unchanged: one.unchanged + other.unchanged,
    missing: one.missing + other.missing,
    skipped: one.skipped + other.skipped,
    failed: one.failed + other.failed
  }
}

/** As a chunk's row keeps it: nothing is written for what did not happen. */
export function resultOf ({ unchanged, missing, refused }: SliceOutcome): ChunkResult {
  return {
    unchanged: unchanged.length > 0 ? unchanged : null,
    missing: missing.length > 0 ? missing : null,
    refused: refused.length > 0 ? refused : null
  }
}
