import type { FastifyInstance } from 'fastify'
// `app.swagger` is declared there.
import type {} from '@fastify/swagger'

/** The OpenAPI document of an application that is ready, as it is committed. */
export function documentOf (app: FastifyInstance): string {
  return `${JSON.stringify(app.swagger(), null, 2)}\n`
}
