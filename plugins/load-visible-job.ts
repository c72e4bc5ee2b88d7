import type { FastifyRequest } from 'fastify'
import { problem } from '../src/errors.ts'
import { readView, type JobView } from '../src/jobs/view/read-view.ts'
import type { ActionName } from '../src/app/options/index.ts'
import type { RoutesContext } from './routes-context.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The job of a request's `:jobId`, for a caller who may see it and perform `action` on it. An id that is no UUID is unknown
 * like any other, and so is a job of others.
 * @throws unauthenticated, forbidden, job_not_found, unavailable
 */
export async function loadVisibleJob ({ engine, access }: RoutesContext, request: FastifyRequest, action: ActionName): Promise<JobView> {
  const { jobId } = request.params as { jobId: string }
  const view = uuid.test(jobId) ? await readView(engine, jobId.toLowerCase()) : undefined
  const seen = view !== undefined && await access.canSee(request, view) ? view : undefined
  await access.require(request, { action, ...(seen && { job: seen.job, ...(seen.job.resource !== null && { resource: seen.job.resource }) }) })
  if (seen === undefined) throw problem('job_not_found')
  return seen
}
