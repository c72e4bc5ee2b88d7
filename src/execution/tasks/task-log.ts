import type { Log } from '../../log.ts'
import type { JobRow } from '../../engine/job-row.ts'

/** A log whose every line names the job. */
export function taskLog (log: Log, { id: jobId, operation: task }: JobRow): Log {
  return {
    debug: (details, message) => log.debug({ jobId, task, ...details }, message),
    info: (details, message) => log.info({ jobId, task, ...details }, message),
    warn: (details, message) => log.warn({ jobId, task, ...details }, message),
    error: (details, message) => log.error({ jobId, task, ...details }, message)
  }
}
