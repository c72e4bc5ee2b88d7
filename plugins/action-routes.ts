import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { ProblemCode } from '../schemas/problem.ts'
import { cancelJob } from '../src/operations/cancel-job.ts'
import type { JobRow } from '../src/engine/job-row.ts'
import { launchRetry, launchUndo } from '../src/operations/launch/launch-again.ts'
import { viewLive } from '../src/jobs/view/read-view.ts'
import { isTerminal } from '../src/engine/states.ts'
import { jobParams } from './job-params.ts'
import { requireJson } from './negotiation.ts'
import { rejectBodies } from './no-body.ts'
import type { RoutesContext } from './routes-context.ts'
import { loadVisibleJob } from './load-visible-job.ts'
import { selectionViewOf } from './selection-view.ts'

interface ActionRoute {
  name: 'cancel' | 'retry' | 'undo'
  summary: string
  description: string
  problems: ProblemCode[]
  act: (request: FastifyRequest, job: JobRow) => Promise<JobRow>
}

/** POST {base}/jobs/{jobId}/cancel, /retry and /undo. */
export const actionRoutes: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const { settings: { basePath }, engine, access, responses } = context
  const callerOf = async (request: FastifyRequest, job: JobRow) => ({
    user: await access.callerOf(request),
    view: await selectionViewOf(context, request, job.resource)
  })

  const actions: ActionRoute[] = [{
    name: 'cancel',
    summary: 'Cancel a job',
    description: 'A queued or waiting job ends at once, a running one after its current chunk. Cancel is not undo: with `rollback` nothing is kept, otherwise committed records stay and are counted.',
    problems: [],
    act: async (_, job) => cancelJob(engine, job.id)
  }, {
    name: 'retry',
    summary: 'Retry what failed or was not done',
    description: 'Returns the new job. The retry of a task has the payload, the locks and the last checkpoint of the first job; each task can be retried once, and then its retry.',
    problems: ['records_locked', 'reference_not_found', 'all_records_missing', 'too_many_jobs'],
    act: async (request, job) => launchRetry(engine, job, await callerOf(request, job))
  }, {
    name: 'undo',
    summary: 'Undo what a job has written',
    description: 'Returns the new job. Records that were changed since are skipped and listed in its results; the others are restored. The scope of the caller restricts it.',
    problems: ['records_locked', 'all_records_missing', 'too_many_jobs'],
    act: async (request, job) => launchUndo(engine, job, await callerOf(request, job))
  }]

  rejectBodies(scope)
  for (const { name, summary, description, problems, act } of actions) {
    scope.post(`${basePath}/jobs/:jobId/${name}`, {
      schema: {
        operationId: `${name}Job`,
        summary,
        description,
        tags: ['jobs'],
        params: jobParams,
        response: {
          ...(name !== 'cancel' && { 200: responses.json('Job', 'Done in the request, where nothing runs in the background.') }),
          202: responses.json('Job', 'Accepted.'),
          ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'job_not_found', 'not_acceptable', 'body_too_large', 'wrong_state', ...problems)
        }
      },
      onRequest: requireJson
    }, async (request, reply) => {
      const { row } = await loadVisibleJob(context, request, name)
      const job = await viewLive(engine, await act(request, row))
      return reply.code(name !== 'cancel' && isTerminal(job.status) ? 200 : 202).header('location', job.links.self).send(job)
    })
  }
}
