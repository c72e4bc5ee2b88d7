import type { FastifyRequest } from 'fastify'
import { problem } from '../src/errors.ts'

/**
 * The media type to answer in: the one that the client likes best, the first of ours where it does not care.
 * @throws not_acceptable
 */
export function negotiate<Type extends string> (request: FastifyRequest, types: readonly Type[]): Type {
  const chosen = request.accepts().type([...types])
  if (typeof chosen !== 'string') throw problem('not_acceptable', `this route answers in ${types.join(' or ')}`)
  return chosen as Type
}

/** For routes that answer in nothing but JSON. Problem documents are JSON as well. */
export async function requireJson (request: FastifyRequest): Promise<void> {
  negotiate(request, ['application/json'])
}
