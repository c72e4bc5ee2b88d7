import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemJson } from '../schemas/index.ts'
import { mistakesOf } from './mistakes.ts'

const mediaType = 'application/problem+json; charset=utf-8'

/** Codes for what Fastify itself refuses. */
const codes: Record<number, string> = { 404: 'not_found', 413: 'body_too_large', 415: 'unsupported_media_type' }

/** Every error of the ordinary routes, in the form that the bulk routes have too. */
export function answerProblem (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = problemOf(error)
  if (answer.status >= 500) request.log.error(error)
  return reply.code(answer.status).type(mediaType).send(JSON.stringify(answer))
}

export function answerNotFound (request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? ''
  return reply.code(404).type(mediaType).send(JSON.stringify(problem(404, 'not_found', `there is nothing at ${request.method} ${path}`)))
}

function problemOf (error: FastifyError): ProblemJson {
  if (error.validation !== undefined) {
    const errors = mistakesOf(error.validation, error.validationContext ?? '')
    return { ...problem(400, 'validation_failed', errors.map(({ path, message }) => `${path} ${message}`).join('; ')), errors }
  }
  const status = error.statusCode ?? 500
  // What went wrong inside us is for the log: it may name tables, hosts or other people's records.
  if (status >= 500) return problem(status, 'internal', 'something went wrong on our side')
  const code = error.code?.startsWith('FST_') === false ? error.code.toLowerCase() : codes[status] ?? 'bad_request'
  return problem(status, code, error.message)
}

function problem (status: number, code: string, detail: string): ProblemJson {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code }
}
