import { jobStatuses, type JobStatus, type TerminalStatus } from '../../schemas/job.ts'

/**
 * The life of a job. Nothing else in the engine decides which status may follow which; the statements that move a job
 * name the statuses that they move it from, and a test holds them against this table.
 */
export const transitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  // running: a worker claims it. cancelled: nobody had begun. failed: no worker came for it (abandoned), or it killed too many (poisoned).
  queued: ['running', 'cancelled', 'failed'],
  // queued: its records are free. cancelled, failed: as above.
  waiting: ['queued', 'cancelled', 'failed'],
  // queued: its worker died or is shutting down, or its task is to be tried again. pausing, cancelling: somebody asked. The rest: the work ended.
  running: ['queued', 'pausing', 'cancelling', 'succeeded', 'completed_with_errors', 'failed', 'cancelled'],
  // paused: the running chunk has ended. cancelling: somebody changed their mind. The rest: that chunk was the last one.
  pausing: ['paused', 'cancelling', 'succeeded', 'completed_with_errors', 'failed', 'cancelled'],
  // queued: resumed. cancelled: nobody works on it.
  paused: ['queued', 'cancelled'],
  // cancelled: the running chunk has ended, or its worker died. The rest: that chunk was the last one, nothing was left to cancel.
  cancelling: ['cancelled', 'succeeded', 'completed_with_errors', 'failed'],
  succeeded: [],
  completed_with_errors: [],
  failed: [],
  cancelled: []
}

export function isTerminal (status: JobStatus): status is TerminalStatus {
  return transitions[status].length === 0
}

/** The statuses from which `to` may be reached. */
export function statusesBefore (to: JobStatus): JobStatus[] {
  return jobStatuses.filter((from) => transitions[from].includes(to))
}
