import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemCode } from '../schemas/problem.ts'
import { isConnectionError } from '../src/database/sql.ts'
import { isPowercrudError, problem, toProblem, type PowercrudError } from '../src/errors.ts'
import { retryAfterSeconds } from '../src/database/unavailable.ts'

/** Our codes for the errors that Fastify itself raises. */
const codesOfStatuses: Readonly<Record<number, ProblemCode>> = {
  400: 'validation_failed',
  401: 'unauthenticated',
  403: 'forbidden',
  406: 'not_acceptable',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_jobs',
  503: 'unavailable'
}

/** Codes whose own message says more than that of Fastify. */
const reworded: ReadonlySet<ProblemCode> = new Set(['body_too_large', 'unsupported_media_type', 'unavailable'])

/** Replies to every error inside our routes with a problem document (RFC 9457); details of unexpected errors are only logged. */
export function handleError (error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error)
  const body = toProblem(refusal)
  if (body.status >= 500) request.log.error({ err: error }, 'a request failed')
  else request.log.debug({ err: error }, 'a request was refused')
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', refusal.retryAfterSeconds)
  reply.code(body.status).type('application/problem+json').send(body)
}

function refusalOf (error: unknown): PowercrudError {
  if (isPowercrudError(error)) return error
  if (isConnectionError(error)) return problem('unavailable', undefined, { retryAfterSeconds, cause: error })
  const { statusCode, message } = (error ?? {}) as { statusCode?: unknown, message?: string }
  const code = typeof statusCode === 'number' ? codesOfStatuses[statusCode] : undefined
  if (code === undefined) return problem('internal', undefined, { cause: error })
  return problem(code, reworded.has(code) ? undefined : message, { cause: error })
}
