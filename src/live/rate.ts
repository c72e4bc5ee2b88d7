import { terminalStatuses, type JobStatus } from '../../schemas/job.ts'

export interface PaceInput {
  readonly status: JobStatus
  /** When a worker first claimed the job. */
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Records that were processed, as published live or counted in its row. */
  readonly processed: number
  readonly total: number
  /** The instant of `processed`. */
  readonly now: Date
}

/** The numbers of a job's `progress`. */
export interface Pace {
  /** 0…100, whole. */
  readonly percent: number
  /** Records per second, four significant digits; null while unknown. */
  readonly ratePerSecond: number | null
  /** Whole seconds; null while unknown, and when the job does not run. */
  readonly etaSeconds: number | null
}

const terminal: ReadonlySet<JobStatus> = new Set(terminalStatuses)
const moving: ReadonlySet<JobStatus> = new Set(['running', 'pausing', 'cancelling'] satisfies JobStatus[])

/**
 * How fast a job is, and how long it will take.
 *
 * `percent` is the processed part of the selection, rounded down: 100 means all of it, also in a terminal job. A job that
 * failed or was cancelled keeps its last value, and one that was rolled back counts only its failures. An empty selection
 * is at 100 once the job has ended, and at 0 before.
 *
 * The rate is the average since the start, for a terminal job that of the whole run. A job that does not move (queued,
 * waiting, paused) has none. Only a running job has an ETA.
 */
export function paceOf ({ status, startedAt, finishedAt, processed, total, now }: PaceInput): Pace {
  const isTerminal = terminal.has(status)
  const until = isTerminal ? finishedAt : moving.has(status) ? now : null
  const rate = averageRate(startedAt, until, processed)
  return {
    percent: total === 0 ? (isTerminal ? 100 : 0) : Math.min(100, Math.max(0, Math.floor(processed * 100 / total))),
    ratePerSecond: rate === null ? null : Number(rate.toPrecision(4)),
    etaSeconds: rate === null || status !== 'running' ? null : Math.max(0, Math.ceil((total - processed) / rate))
  }
}

/** Null also when the clocks of two machines differ so much that the end is before the start. */
function averageRate (from: Date | null, until: Date | null, processed: number): number | null {
  if (from === null || until === null || processed <= 0) return null
  const seconds = (until.getTime() - from.getTime()) / 1_000
  return seconds > 0 ? processed / seconds : null
}
