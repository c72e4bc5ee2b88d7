import type { FastifyReply } from 'fastify'
import type { Job } from '../schemas/job.ts'
import { problemCodes, type ProblemCode, type ProblemItem } from '../schemas/problem.ts'
import type { Engine, EngineResource } from '../src/engine/engine.ts'
import { problem } from '../src/errors.ts'
import type { JobRow } from '../src/engine/job-row.ts'
import { rowResults } from '../src/jobs/results/row-results.ts'
import { viewLive } from '../src/jobs/view/read-view.ts'
import { isTerminal } from '../src/engine/states.ts'
import { preferenceApplied, type Preferences } from './prefer.ts'

/** When a client should poll the progress of an accepted job. */
const retryAfterSeconds = 1

/** Failed records that a problem names at most. */
const listedErrorsMax = 20

export interface Launched {
  job: JobRow
  preferences: Preferences
  resource: Pick<EngineResource, 'options'>
}

/**
 * Replies to a launch: 202 while the job lives, 200 once it has ended. A job that failed in the request without committing
 * anything is replied to with its error and id; otherwise the status of the job says how it ended.
 */
export async function replyWithJob (
  reply: FastifyReply, engine: Pick<Engine, 'database' | 'tables' | 'options' | 'resources' | 'live' | 'log'>, launched: Launched
): Promise<Job> {
  const { job: row, preferences } = launched
  const background = isBackground(engine, launched)
  const job = await viewLive(engine, row)
  reply.header('location', job.links.self)
  const applied = preferenceApplied({ ...preferences, respondAsync: preferences.respondAsync && background })
  if (applied !== undefined) reply.header('preference-applied', applied)
  if (!background && row.status === 'failed' && row.succeeded === 0) throw await refusalOf(engine, row)
  if (isTerminal(row.status)) return job
  reply.code(202).header('retry-after', retryAfterSeconds)
  return job
}

/** Whether a request like this one runs in the background. */
function isBackground (
  { options: { asyncEnabled } }: Pick<Engine, 'options'>, { job, preferences, resource: { options } }: Launched
): boolean {
  if (!asyncEnabled || !options.bulkAsync) return false
  return preferences.respondAsync || job.total >= options.bulkMinAsyncRecords
}

async function refusalOf (engine: Pick<Engine, 'database' | 'tables' | 'resources'>, row: JobRow) {
  const codes = [row.error_row_code, row.error_code]
  const code = codes.find((code): code is ProblemCode => problemCodes.includes(code as ProblemCode)) ?? 'internal'
  const errors = await failedRecords(engine, row)
  return problem(code, row.error_message ?? undefined, { jobId: row.id, ...(errors.length > 0 && { errors }) })
}

/** Names each failed record and its field, so that a form can mark it. */
async function failedRecords (engine: Pick<Engine, 'database' | 'tables' | 'resources'>, row: JobRow): Promise<ProblemItem[]> {
  const errors: ProblemItem[] = []
  for await (const { result: { id, field, code, message } } of rowResults(engine, row, { outcome: 'failed' })) {
    errors.push({ path: field === undefined ? '' : `/set/${field}`, message: `record ${JSON.stringify(id)}: ${message ?? code ?? 'failed'}` })
    if (errors.length === listedErrorsMax) break
  }
  return errors
}
