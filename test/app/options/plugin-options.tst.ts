import type { FastifyRequest } from 'fastify'
import { expect, test } from 'tstyche'
import type { FilterQuery } from '@mikro-orm/core'
import type { PluginOptions, ResourceOptions } from '../../../src/app/options/index.ts'
import { Item, Seat } from '../../fixtures/entities.ts'

type Options = Omit<PluginOptions<FastifyRequest>, 'orm'>

test('entities of any shape, conditions of any entity', () => {
  expect<Options>().type.toBeAssignableFrom({
    user: (request: FastifyRequest) => ({ id: String(request.headers['x-user']), label: 'ada' }),
    resources: {
      items: {
        entity: Item,
        path: '/items',
        scope: (request: FastifyRequest) => ({ name: request.headers['x-tenant'] }),
        choices: { status: ['new'], owner: { label: 'name', where: { name: { $ne: 'x' } } } }
      },
      seats: { entity: Seat, path: '/seats', bulkDelete: true }
    }
  })
  expect<ResourceOptions['scope']>().type.toBeAssignableFrom(async (): Promise<Exclude<FilterQuery<Item>, number>> => ({ status: 'new' }))
})

test('names and values that there are not', () => {
  expect<Options>().type.not.toBeAssignableFrom({ worker: { mode: 'thread' } })
  expect<Options>().type.not.toBeAssignableFrom({ conflictTtl: '5' })
  expect<ResourceOptions>().type.not.toBeAssignableFrom({ entity: Item })
})
