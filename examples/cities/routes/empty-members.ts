import type { FastifyRequest } from 'fastify'

/** Forms send `status=` for a choice that was not made: that asks for nothing. */
export async function dropEmptyMembers (request: FastifyRequest): Promise<void> {
  const query = request.query as Record<string, unknown>
  for (const [name, value] of Object.entries(query)) {
    if (value === '') delete query[name]
  }
}
