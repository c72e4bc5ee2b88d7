import type { FastifyInstance } from 'fastify'
import { validationProblem } from './validation/index.ts'

/** What clients send that have nothing to say. */
const nothing = /^\s*(\{\s*\}|null)?\s*$/

/**
 * For a scope whose routes take no body. One that says nothing passes, under any content type (`curl -d ''`, as Swagger UI shows
 * it, calls it a form); one that says something is refused, since it would have no effect.
 */
export function rejectBodies (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (nothing.test(body as string)) done(null, undefined)
    else done(validationProblem('body', [{ path: '', message: 'this route takes none' }]))
  })
}
