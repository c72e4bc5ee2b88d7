import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { Tag } from '../entities/index.ts'
import { reference, TagListSchema } from '../schemas/index.ts'
import { tagJson } from './select-cities.ts'

export const tagRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  app.get('/tags', {
    schema: {
      tags: ['cities'],
      operationId: 'listTags',
      summary: 'List all tags',
      response: { 200: reference(TagListSchema) }
    }
  }, async () => {
    const tags = await orm.em.fork().findAll(Tag, { orderBy: { id: 'asc' } })
    return { items: tags.map(tagJson) }
  })
}
