import { messageOf } from '../../errors.ts'
import type { JobCounts } from '../../engine/job-row.ts'
import type { JobEnd } from '../../jobs/store/transitions.ts'
import type { Refusal } from '../../engine/writer.ts'
import { zeroOutcomes, type Outcomes } from './counts.ts'

/** The honest end of a job that looked at all of its records. */
export function endOf ({ total, on_error: onError }: Pick<JobCounts, 'total'> & { on_error: string }, counts: Outcomes): JobEnd {
  const { succeeded, unchanged, missing, skipped, failed } = counts
  const outcomes = { succeeded, unchanged, missing, skipped, failed }
  if (total > 0 && missing === total) {
    return { status: 'failed', counts: outcomes, error: { code: 'all_records_missing', message: messageOf('all_records_missing') } }
  }
  return { status: onError === 'continue' && failed > 0 ? 'completed_with_errors' : 'succeeded', counts: outcomes, error: null }
}

/** A job that was rolled back counts the record at fault and nothing else. */
export function rolledBack (refusal: Refusal): JobEnd {
  return {
    status: 'failed',
    counts: { ...zeroOutcomes, failed: 1 },
    error: { code: 'rolled_back', message: `${messageOf('rolled_back')}: ${refusal.message}`, rowCode: refusal.code }
  }
}

export function stoppedAt (refusal: Refusal): JobEnd {
  return {
    status: 'failed',
    error: { code: 'stopped', message: `${messageOf('stopped')}: ${refusal.message}`, rowCode: refusal.code }
  }
}
