import type { FastifyReply } from 'fastify'

/** Aborts once the client can no longer be answered. Fastify's own `request.signal` only exists from 5.8 on. */
export function disconnectSignal (reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => controller.abort())
  return controller.signal
}
