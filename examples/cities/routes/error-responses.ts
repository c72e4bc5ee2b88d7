import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ProblemJson } from '../schemas/index.ts'
import { validationErrorsOf } from './validation-errors.ts'

const mediaType = 'application/problem+json; charset=utf-8'

/** Codes for Fastify's own errors. */
const codes: Record<number, string> = { 404: 'not_found', 413: 'body_too_large', 415: 'unsupported_media_type' }

/** Sends every error of the ordinary routes in the format of the bulk routes. */
export function sendError (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body = problemOf(error)
  if (body.status >= 500) request.log.error(error)
  return reply.code(body.status).type(mediaType).send(JSON.stringify(body))
}

export function sendNotFound (request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? ''
  return reply.code(404).type(mediaType).send(JSON.stringify(problem(404, 'not_found', `no route for ${request.method} ${path}`)))
}

function problemOf (error: FastifyError): ProblemJson {
  if (error.validation !== undefined) {
    const errors = validationErrorsOf(error.validation, error.validationContext ?? '')
    return { ...problem(400, 'validation_failed', errors.map(({ path, message }) => `${path} ${message}`).join('; ')), errors }
  }
  const status = error.statusCode ?? 500
  // The cause goes to the log only: it may name tables, hosts or records of other users.
  if (status >= 500) return problem(status, 'internal', 'internal server error')
  const code = error.code?.startsWith('FST_') === false ? error.code.toLowerCase() : codes[status] ?? 'bad_request'
  return problem(status, code, error.message)
}

function problem (status: number, code: string, detail: string): ProblemJson {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code }
}
