import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemCode } from '../schemas/problem.ts'
import { isConnectionError } from '../src/database/sql.ts'
import { isPowercrudError, problem, toProblem, type PowercrudError } from '../src/errors.ts'
import type { Log } from '../src/log.ts'
import { connectionProblem } from '../src/database/unavailable.ts'

/** Our codes for the errors that Fastify itself raises while it reads a request. */
const codesOfStatuses: Readonly<Record<number, ProblemCode>> = {
  400: 'validation_failed',
  413: 'body_too_large',
  415: 'unsupported_media_type'
}

/** Replies to every error inside our routes with a problem document (RFC 9457); details of unexpected errors are only logged. */
export function handleError (error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = isBrokenOff(request) ? problem('validation_failed', 'the client closed the connection before the body was complete') : refusalOf(error, request.log)
  const body = toProblem(refusal)
  if (refusal.statusCode >= 500 && refusal.code !== 'refused') request.log.error({ err: error }, 'a request failed')
  else request.log.debug({ err: error }, 'a request was refused')
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds)
  reply.code(body.status).type('application/problem+json').send(body)
}

/** Whether the client has gone in the middle of its upload: an error of neither ours nor the database, though it looks like ECONNRESET. */
function isBrokenOff ({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

function refusalOf (error: unknown, log: Log): PowercrudError {
  if (isConnectionError(error)) return connectionProblem(error, log)
  if (isPowercrudError(error)) return error
  const { statusCode, message, code } = (error ?? {}) as { statusCode?: unknown, message?: string, code?: unknown }
  if (typeof statusCode !== 'number') return problem('internal', undefined, { cause: error })
  const isOfFastify = typeof code === 'string' && /^FST_ERR_(CTP|VALIDATION)/.test(code)
  return isOfFastify ? requestProblem(statusCode, message, error) : hostProblem(statusCode, message, error)
}

/** The own messages of 413 and 415 say more than those of Fastify. */
function requestProblem (statusCode: number, message: string | undefined, cause: unknown): PowercrudError {
  const code = codesOfStatuses[statusCode] ?? 'internal'
  return problem(code, code === 'validation_failed' ? message : undefined, { cause })
}

/** Errors of the host's hooks keep their status. Its 503 (`@fastify/under-pressure`) says nothing of our database. */
function hostProblem (statusCode: number, message: string | undefined, cause: unknown): PowercrudError {
  if (statusCode === 429) return problem('rate_limited', message, { cause })
  if (statusCode >= 400 && statusCode < 500) return problem('refused', message, { statusCode, cause })
  return statusCode === 503 ? problem('refused', undefined, { statusCode, cause }) : problem('internal', undefined, { cause })
}
