import type { FastifyInstance } from 'fastify'
import { validationProblem } from './validation/index.ts'

/** What clients send as an empty body. */
const nothing = /^\s*(\{\s*\}|null)?\s*$/

/**
 * For a scope whose routes take no body. An empty one passes with any content type (`curl -d ''`, as Swagger UI shows it,
 * sends a form); any other is refused, since it would have no effect.
 */
export function rejectBodies (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (nothing.test(body as string)) done(null, undefined)
    else done(validationProblem('body', [{ path: '', message: 'this route takes no body' }]))
  })
}
