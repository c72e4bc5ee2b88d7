import type { Tables } from '../../database/tables.ts'

/** Jobs that are taken away together. */
const togetherAtMost = 100

/**
 * SQL over $1 (an instant): the jobs that finished before it, oldest first, except those that a living job still reads
 * (an undo writes what the job that it undoes found).
 */
export function oldJobs ({ job }: Tables): string {
  return `(
    SELECT id, selection_id FROM ${job} AS finished
    WHERE finished_at < $1 AND NOT EXISTS (
      SELECT FROM ${job} AS living
      WHERE living.finished_at IS NULL
        AND (living.undo_of = finished.id OR living.retry_of = finished.id OR living.selection_id = finished.selection_id))
    ORDER BY finished_at, id
    LIMIT ${togetherAtMost}
  )`
}
