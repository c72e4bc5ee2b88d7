import type { FastifyRequest } from 'fastify'
import { problem } from '../src/errors.ts'

/**
 * The media type of the reply: the client's preference, or the first of ours when it has none.
 * @throws not_acceptable
 */
export function negotiate<Type extends string> (request: FastifyRequest, types: readonly Type[]): Type {
  const chosen = request.accepts().type([...types])
  if (typeof chosen !== 'string') throw problem('not_acceptable', `this route replies in ${types.join(' or ')}`)
  return chosen as Type
}

/** For routes that reply in JSON only. Problem documents are JSON as well. */
export async function requireJson (request: FastifyRequest): Promise<void> {
  negotiate(request, ['application/json'])
}
