import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { CityNotFound } from '../errors.ts'
import { City } from '../entities/index.ts'
import {
  CityKeySchema, CityListSchema, CityPatchSchema, CityQuerySchema, CityWithTagsSchema, ProblemSchema, reference
} from '../schemas/index.ts'
import { changeCity } from './change-city.ts'
import { cityJson, cityWithTagsJson, selectCities } from './select-cities.ts'
import { dropEmptyParameters } from './drop-empty-parameters.ts'

/** The ordinary routes beside the bulk routes: one city, or a page of them. */
export const cityRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  const problem = reference(ProblemSchema)

  app.get('/cities', {
    preValidation: dropEmptyParameters,
    schema: {
      tags: ['cities'],
      operationId: 'listCities',
      summary: 'List cities, ordered by id unless sort is given',
      querystring: CityQuerySchema,
      response: { 200: reference(CityListSchema), 400: problem }
    }
  }, async (request) => {
    const { total, cities } = await selectCities(orm.em.fork(), request.query)
    return { total, items: cities.map(cityJson) }
  })

  app.get('/cities/:id', {
    schema: {
      tags: ['cities'],
      operationId: 'getCity',
      summary: 'Get a city with its tags',
      params: CityKeySchema,
      response: { 200: reference(CityWithTagsSchema), 400: problem, 404: problem }
    }
  }, async (request) => {
    const city = await orm.em.fork().findOne(City, request.params.id, { populate: ['tags'] })
    if (city === null) throw new CityNotFound(request.params.id)
    return cityWithTagsJson(city)
  })

  app.patch('/cities/:id', {
    schema: {
      tags: ['cities'],
      operationId: 'changeCity',
      summary: 'Change a city',
      params: CityKeySchema,
      body: reference(CityPatchSchema),
      response: { 200: reference(CityWithTagsSchema), 400: problem, 404: problem, 409: problem, 422: problem }
    }
  }, async (request) => cityWithTagsJson(await changeCity(orm.em.fork(), request.params.id, request.body)))
}
