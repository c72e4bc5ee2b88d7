import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'

export const pageRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async () => {}
