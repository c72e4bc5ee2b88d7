import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { MikroORM } from '@mikro-orm/postgresql'
import { Country } from '../entities/index.ts'
import { dropEmptyMembers } from '../routes/empty-members.ts'
import { selectCities } from '../routes/select-cities.ts'
import { CityQuerySchema, type CityQuery } from '../schemas/index.ts'
import { assetRoutes } from './assets.ts'
import { citiesPage } from './cities-page.ts'
import { cityTable } from './city-table.ts'
import { pageSize } from './page-query.ts'

/** Nothing from elsewhere, and no script that is not a file of ours: a name of a city can never become one. */
const policy = "default-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

/** The page for people. */
export const pageRoutes: FastifyPluginAsyncTypebox<{ orm: MikroORM }> = async (app, { orm }) => {
  await app.register(assetRoutes)

  app.get('/', {
    preValidation: dropEmptyMembers,
    attachValidation: true,
    schema: { hide: true, querystring: CityQuerySchema }
  }, async (request, reply) => {
    // A person who has mistyped the address gets the whole table and not an error.
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
