import type { JobSpec } from './job-row.ts'

/** What a job of this launch is to do, as it is kept. */
export function specOf ({ set }: { set?: Record<string, unknown> }): JobSpec {
  return set === undefined ? {} : { set }
}
