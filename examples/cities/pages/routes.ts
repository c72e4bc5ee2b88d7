import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { Country } from '../entities/index.ts'
import { dropEmptyParameters } from '../routes/drop-empty-parameters.ts'
import { selectCities } from '../routes/select-cities.ts'
import { CityQuerySchema, type CityQuery } from '../schemas/index.ts'
import { assetRoutes } from './assets.ts'
import { citiesPage } from './cities-page.ts'
import { cityTable } from './city-table.ts'
import { pageSize } from './page-query.ts'

/** Same origin only, and no inline script: the name of a city can never run as code. */
const policy = "default-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

/** The page for people. */
export const pageRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  await app.register(assetRoutes)

  app.get('/', {
    preValidation: dropEmptyParameters,
    attachValidation: true,
    schema: { hide: true, querystring: CityQuerySchema }
  }, async (request, reply) => {
    // An invalid query shows the whole table instead of an error.
    const query: CityQuery = request.validationError === undefined ? request.query : {}
    const em = orm.em.fork()
    const page = await selectCities(em, { ...query, limit: pageSize })
    await em.populate(page.cities, ['country', 'tags'])
    reply.type('text/html; charset=utf-8').headers({
      'content-security-policy': policy, 'cache-control': 'no-store', vary: 'HX-Request', 'x-content-type-options': 'nosniff'
    })
    const { headers } = request
    const partial = headers['hx-request'] === 'true' && headers['hx-history-restore-request'] !== 'true'
    if (partial) return cityTable(page, query).markup
    return citiesPage(page, query, await em.findAll(Country, { orderBy: { name: 'asc' } }))
  })
}
