import { AsyncLocalStorage } from 'node:async_hooks'
import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'

/** The claim of a job that the running code is part of. */
export interface JobContext {
  readonly engine: Engine
  readonly job: JobRow
  readonly fence: number
}

const storage = new AsyncLocalStorage<JobContext>()

/** Runs the work of a job so that all code below can find out which job it is part of. */
export function inJobContext<Result> (context: JobContext, work: () => Result): Result {
  return storage.run(context, work)
}

/** The job that the caller is part of; undefined in ordinary code. */
export function jobContext (): JobContext | undefined {
  return storage.getStore()
}
