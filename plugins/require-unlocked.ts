import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { assertUnlocked } from '../src/jobs/locks/assert-unlocked.ts'
import type { GivenKey, LockableName } from '../src/jobs/locks/lockable.ts'

/**
 * A `preHandler` for routes that write one record: replies 409 while a job holds it. The key is `params.id` by default; for
 * a composite key whose parts are the names of the params, pass `(request) => request.params`.
 *
 * It avoids the work of a request that would be refused anyway. Call `assertUnlocked` in the route's own transaction to
 * exclude a job that starts in between.
 */
export function requireUnlocked (
  entity: LockableName, keyOf: (request: FastifyRequest) => unknown = ({ params }) => (params as { id: unknown }).id
): preHandlerAsyncHookHandler {
  return async (request) => assertUnlocked(entity, keyOf(request) as GivenKey)
}
