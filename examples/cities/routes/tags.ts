import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { Type } from '@sinclair/typebox'
import { Tag } from '../entities/index.ts'
import { problemResponses, reference, TagListSchema } from '../schemas/index.ts'
import { tagJson } from './select-cities.ts'

export const tagRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  app.get('/tags', {
    schema: {
      tags: ['cities'],
      operationId: 'listTags',
      summary: 'List all tags',
      description: 'The tags that cities can have.',
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: reference(TagListSchema), ...problemResponses(400) }
    }
  }, async () => {
    const tags = await orm.em.fork().findAll(Tag, { orderBy: { id: 'asc' } })
    return { items: tags.map(tagJson) }
  })
}
