import { jobStatuses, type JobStatus, type TerminalStatus } from '../../schemas/job.ts'

export interface Transition {
  /** Empty: the row is inserted. */
  readonly from: readonly JobStatus[]
  /** Empty: the row is deleted. */
  readonly to: readonly JobStatus[]
}

/**
 * The life of a job. A statement that moves a job takes one of these transitions, by its name, and reads from here what it
 * may come from and go to; no status is written anywhere else. A test runs each statement on a job in each status.
 */
const table = {
  /** Inserted by its launch. `waiting`: other jobs hold its records. `running`: it is small, and executed in the request. */
  launch: { from: [], to: ['queued', 'waiting', 'running'] },
  /** Deleted by its launch, because the queue cannot be reached. */
  withdraw: { from: ['queued'], to: [] },
  /** Its records are free. */
  grant: { from: ['waiting'], to: ['queued'] },
  /** A worker takes a delivery. */
  claim: { from: ['queued'], to: ['running'] },
  /** A worker takes a delivery of a job whose worker died. */
  reclaim: { from: ['running'], to: ['running'] },
  /** Its worker shuts down. */
  release: { from: ['running'], to: ['queued'] },
  /** Its task failed, or lost its connection, and is tried again later. */
  reschedule: { from: ['running'], to: ['queued'] },
  /** The sweep finds that its worker died. */
  requeue: { from: ['running'], to: ['queued'] },
  /** The running chunk has ended, or its worker died. */
  pause: { from: ['pausing'], to: ['paused'] },
  /** Cancelled while no worker has it. */
  cancel: { from: ['queued', 'waiting', 'paused'], to: ['cancelled'] },
  /** Its worker is asked to stop. */
  requestCancel: { from: ['running', 'pausing'], to: ['cancelling'] },
  /** The running chunk has ended, or its worker died. */
  settleCancel: { from: ['cancelling'], to: ['cancelled'] },
  /** All records have an outcome, one of them stopped the job, or it cannot go on. What was asked of its worker came too late. */
  finish: { from: ['running', 'pausing', 'cancelling'], to: ['succeeded', 'completed_with_errors', 'failed'] },
  /** The one transaction of the job commits. What was asked of its worker came first: it would undo nothing afterwards. */
  finishInOneTransaction: { from: ['running'], to: ['succeeded', 'failed'] },
  /** No worker came for it. */
  abandon: { from: ['queued', 'waiting'], to: ['failed'] }
} as const satisfies Record<string, Transition>

export type TransitionName = keyof typeof table
export const transitions: Readonly<Record<TransitionName, Transition>> = table

/** What ends a job. */
export type EndTransition = 'cancel' | 'settleCancel' | 'finish' | 'finishInOneTransaction' | 'abandon'

/**
 * Transitions that no statement takes yet: there is no request that pauses or resumes a job. Everything else about pausing
 * is there: workers, the sweep and a cancel treat these statuses as they must.
 */
export const plannedTransitions = {
  requestPause: { from: ['running'], to: ['pausing'] },
  resume: { from: ['paused'], to: ['queued'] }
} as const satisfies Record<string, Transition>

/** A worker has the job, and renews its lease. */
export const claimedStatuses: readonly JobStatus[] = transitions.finish.from

/** The job waits for a worker, or for records. */
export const pendingStatuses: readonly JobStatus[] = transitions.abandon.from

const left: ReadonlySet<JobStatus> = new Set(Object.values(transitions).flatMap(({ from }) => from))
const terminal: ReadonlySet<JobStatus> = new Set(jobStatuses.filter((status) => !left.has(status)))

export function isTerminal (status: JobStatus): status is TerminalStatus {
  return terminal.has(status)
}
