import { terminalStatuses, type JobStatus } from '../../schemas/job.ts'

export interface PaceInput {
  readonly status: JobStatus
  /** When a worker first took the job up. */
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
  /** Records that the job is done with, told live or counted in its row. */
  readonly processed: number
  readonly total: number
  /** The instant for which `processed` is true. */
  readonly now: Date
}

/** The numbers of a job's `progress`. */
export interface Pace {
  /** 0…100, whole. */
  readonly percent: number
  /** Records per second, four significant digits; null while unknown. */
  readonly ratePerSecond: number | null
  /** Whole seconds; null while unknown, and where no end is awaited. */
  readonly etaSeconds: number | null
}

const terminal: ReadonlySet<JobStatus> = new Set(terminalStatuses)
const moving: ReadonlySet<JobStatus> = new Set(['running', 'pausing', 'cancelling'] satisfies JobStatus[])

/**
 * How fast a job is, and how long it will take.
 *
 * `percent` is how much of the selection the job is done with, rounded down: 100 means all of it, also in a terminal
 * job. One that failed or was cancelled on the way stays where it stood, and one that was rolled back has only its
 * failures behind it. An empty selection is at 100 once the job has ended, and at 0 before.
 *
 * The rate is the average since the start, for a terminal job that of the whole run. A job that stands still (queued,
 * waiting, paused) has none. Only a running job has an end to estimate: one that is asked to stop will not get there.
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

/** Null also where the clocks of two machines disagree so much that the end comes before the start. */
function averageRate (from: Date | null, until: Date | null, processed: number): number | null {
  if (from === null || until === null || processed <= 0) return null
  const seconds = (until.getTime() - from.getTime()) / 1_000
  return seconds > 0 ? processed / seconds : null
}
