import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { CityNotFound } from '../errors.ts'
import { City } from '../entities/index.ts'
import {
  CityKeySchema, CityListSchema, CityPatchSchema, CityQuerySchema, CityWithTagsSchema, problemResponses, reference
} from '../schemas/index.ts'
import { changeCity } from './change-city.ts'
import { cityJson, cityWithTagsJson, selectCities } from './select-cities.ts'
import { dropEmptyParameters } from './drop-empty-parameters.ts'

/** The ordinary routes beside the bulk routes: one city, or a page of them. */
export const cityRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  app.get('/cities', {
    preValidation: dropEmptyParameters,
    schema: {
      tags: ['cities'],
      operationId: 'listCities',
      summary: 'List cities, ordered by id unless sort is given',
      description: 'One page of the cities that match the filters, and how many match.',
      querystring: CityQuerySchema,
      response: { 200: reference(CityListSchema), ...problemResponses(400) }
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
      description: 'The city as it is now. Its `version` can be passed to a bulk update.',
      params: CityKeySchema,
      response: { 200: reference(CityWithTagsSchema), ...problemResponses(400, 404) }
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
      description: 'Changes the given fields. Refused with 409 while a bulk job has locked the city.',
      params: CityKeySchema,
      body: reference(CityPatchSchema),
      response: { 200: reference(CityWithTagsSchema), ...problemResponses(400, 404, 409, 415, 422) }
    }
  }, async (request) => cityWithTagsJson(await changeCity(orm.em.fork(), request.params.id, request.body)))
}
