import type { FastifyReply } from 'fastify'
import type { Job } from '../schemas/job.ts'
import { problemCodes, type ProblemCode } from '../schemas/problem.ts'
import type { Engine, EngineResource } from '../src/engine/engine.ts'
import { problem } from '../src/errors.ts'
import type { JobRow } from '../src/engine/job-row.ts'
import { viewLive } from '../src/jobs/view/read-view.ts'
import { isTerminal } from '../src/engine/states.ts'
import { preferenceApplied, type Preferences } from './prefer.ts'

/** When a client should poll the progress of an accepted job. */
const retryAfterSeconds = 1

export interface Launched {
  job: JobRow
  preferences: Preferences
  resource: Pick<EngineResource, 'options'>
}

/**
 * Replies to a launch: 202 while the job lives, 200 once it has ended. A job that failed in the request without committing
 * anything is replied to with its error and id; otherwise the status of the job says how it ended.
 */
export async function replyWithJob (reply: FastifyReply, engine: Engine, launched: Launched): Promise<Job> {
  const { job: row, preferences } = launched
  const background = isBackground(engine, launched)
  const job = await viewLive(engine, row)
  reply.header('location', job.links.self)
  const applied = preferenceApplied({ ...preferences, respondAsync: preferences.respondAsync && background })
  if (applied !== undefined) reply.header('preference-applied', applied)
  if (!background && row.status === 'failed' && row.succeeded === 0) throw refusalOf(row)
  if (isTerminal(row.status)) return job
  reply.code(202).header('retry-after', retryAfterSeconds)
  return job
}

/** Whether a request like this one runs in the background. */
function isBackground ({ options: { asyncEnabled } }: Engine, { job, preferences, resource: { options } }: Launched): boolean {
  if (!asyncEnabled || !options.bulkAsync) return false
  return preferences.respondAsync || job.total >= options.bulkMinAsyncRecords
}

function refusalOf (row: JobRow) {
  const codes = [row.error_row_code, row.error_code]
  const code = codes.find((code): code is ProblemCode => problemCodes.includes(code as ProblemCode)) ?? 'internal'
  return problem(code, row.error_message ?? undefined, { jobId: row.id })
}
