import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { assertUnlocked } from '../src/jobs/locks/assert-unlocked.ts'
import type { GivenKey, LockableName } from '../src/jobs/locks/lockable.ts'

/**
 * A `preHandler` for routes that write one record: answers 409 while a job holds it. The key is `params.id`, unless told
 * otherwise; where the params have the names of a composite key's parts, tell `(request) => request.params`.
 *
 * It spares the work of a request that would be refused anyway. What happens after it is kept out by `assertUnlocked` in
 * the route's own transaction.
 */
export function requireUnlocked (
  entity: LockableName, keyOf: (request: FastifyRequest) => unknown = ({ params }) => (params as { id: unknown }).id
): preHandlerAsyncHookHandler {
  return async (request) => assertUnlocked(entity, keyOf(request) as GivenKey)
}
