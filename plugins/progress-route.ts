import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { isTerminal } from '../src/engine/states.ts'
import { jobParams } from './job-params.ts'
import { negotiate } from './negotiation.ts'
import { progressFragment } from './progress-fragment.ts'
import type { RoutesContext } from './routes-context.ts'
import { loadVisibleJob } from './load-visible-job.ts'

const json = 'application/json'
const html = 'text/html'

/** htmx 2 sends no `Accept`, but says that it is htmx. */
function formatOf (request: FastifyRequest) {
  return negotiate(request, request.headers['hx-request'] === 'true' ? [html, json] : [json, html])
}

/** GET {base}/progress/{jobId}: the job, for polling. */
export const progressRoute: FastifyPluginAsync<RoutesContext> = async (scope, context) => {
  const { settings: { basePath, progressCompletionStatus }, responses } = context
  const job = responses.json('Job', 'The job lives.')
  const forPeople = { [html]: { schema: { type: 'string' as const } } }
  scope.get(`${basePath}/progress/:jobId`, {
    schema: {
      operationId: 'getJobProgress',
      summary: 'Poll the progress of a job',
      description: `Answers the job: 200 while it lives, ${progressCompletionStatus} once it has ended. With \`Accept: text/html\` or \`HX-Request: true\` a fragment for people, which polls itself.`,
      tags: ['jobs'],
      params: jobParams,
      response: {
        200: { ...job, content: { ...job.content, ...forPeople } },
        ...(progressCompletionStatus !== 200 && {
          [progressCompletionStatus]: { ...job, description: 'The job has ended; its status says how. Stop polling.', content: { ...job.content, ...forPeople } }
        }),
        ...responses.problems('validation_failed', 'unauthenticated', 'forbidden', 'job_not_found', 'not_acceptable')
      }
    }
  }, async (request, reply) => {
    const format = formatOf(request)
    const { job } = await loadVisibleJob(context, request, 'view')
    reply.code(isTerminal(job.status) ? progressCompletionStatus : 200).headers({ 'cache-control': 'no-store', vary: 'Accept, HX-Request' })
    return format === json ? job : reply.type(`${html}; charset=utf-8`).send(progressFragment(job))
  })
}
