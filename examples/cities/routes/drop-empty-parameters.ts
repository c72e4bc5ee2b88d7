import type { FastifyRequest } from 'fastify'

/** Forms send `status=` for a field that was left empty: it is treated as absent. */
export async function dropEmptyParameters (request: FastifyRequest): Promise<void> {
  const query = request.query as Record<string, unknown>
  for (const [name, value] of Object.entries(query)) {
    if (value === '') delete query[name]
  }
}
