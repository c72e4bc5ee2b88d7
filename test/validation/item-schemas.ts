import type { TSchema } from '@sinclair/typebox'
import { resolveOptions } from '../../src/app/options/index.ts'
import { entities, Item, Seat } from '../fixtures/entities.ts'
import { discover } from '../schemas/discover.ts'

const { resources } = resolveOptions({
  orm: discover(entities),
  resources: {
    items: {
      entity: Item,
      path: '/items',
      bulkFields: ['status', 'priority', 'notes', 'name', 'owner', 'labels', 'amount', 'dueAt'],
      filterFields: ['status', 'owner', 'name', 'priority'],
      bulkDelete: true
    },
    seats: { entity: Seat, path: '/seats', bulkFields: ['taken'], filterFields: ['row'], bulkDelete: true }
  }
})

export const items = resources.items!.schemas
export const seats = resources.seats!.schemas
export const components: readonly TSchema[] = [...items.components, ...seats.components]
export const byId: ReadonlyMap<string, TSchema> = new Map(components.map((schema) => [schema.$id!, schema]))
