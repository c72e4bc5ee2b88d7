import { jobContext } from './job-context.ts'

/** The job that the running code is part of. */
export interface CurrentJob {
  readonly id: string
  /** Null for a task. */
  readonly resource: string | null
  /** `update`, `delete`, `undo`, or the name of a task. */
  readonly operation: string
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** Who launched it. */
  readonly createdBy: { readonly id: string, readonly label: string } | null
}

/** The job that the caller is part of, in hooks, validation, persistence and tasks; undefined in ordinary code. */
export function currentJob (): CurrentJob | undefined {
  const job = jobContext()?.job
  return job && {
    id: job.id,
    resource: job.resource,
    operation: job.operation,
    attempt: job.attempts,
    createdBy: job.created_by_id === null ? null : { id: job.created_by_id, label: job.created_by_label ?? job.created_by_id }
  }
}

/** Whether the caller is part of a job already, and should do at once what it would otherwise launch as a job of its own. */
export function skipNestedAsync (): boolean {
  return jobContext() !== undefined
}
