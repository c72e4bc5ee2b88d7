import { raw, type FilterQuery } from '@mikro-orm/core'
import type { FastifyRequest } from 'fastify'
import { Type } from '@sinclair/typebox'
import { expect, test } from 'tstyche'
import { defineResource, type Action, type Persistence, type PowercrudAsyncOptions, type ResourceOptions, type RuleContext } from '../../../plugins/index.ts'
import { City } from '../../../examples/cities/entities/index.ts'
import { Item, Owner, Seat } from '../../fixtures/entities.ts'

const item = { entity: Item, path: '/items' } as const
const define = defineResource

test('names are those of the entity', () => {
  expect(defineResource({
    ...item,
    bulkFields: ['status', 'owner', 'labels'],
    filterFields: ['priority'],
    fieldLabels: { status: 'State', priority: 'Priority' },
    fieldSchemas: { status: Type.String() },
    choices: { status: ['new', 'done'], owner: { label: 'name', search: ['name'], where: { name: 'x' } }, labels: { label: 'name', where: () => ({ name: { $ne: 'x' } }) } }
  })).type.toBe<ResourceOptions<FastifyRequest>>()
  expect(define).type.toBeCallableWith({ ...item })
  expect(define).type.toBeCallableWith({ entity: Seat, path: '/seats', bulkFields: ['taken'], bulkDelete: true })
  expect(define).type.toBeCallableWith({ entity: City, path: '/cities', bulkFields: ['country'], choices: { country: { label: 'name', search: ['code'] } } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['statuss'] })
  expect(define).type.not.toBeCallableWith({ ...item, filterFields: ['statuss'] })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], fieldLabels: { statuss: 'State' } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], fieldLabels: { priority: 'Priority' } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], fieldSchemas: { statuss: Type.String() } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkField: ['status'] })
  expect(define).type.not.toBeCallableWith({ entity: Item })
})

test('choices are of fields that there are, and of what they can be', () => {
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], choices: { statuss: ['new'] } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], choices: { owner: { label: 'name' } } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['status'], choices: { status: ['old'] } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['owner'], choices: { owner: { label: 'nam' } } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['owner'], choices: { owner: { label: 'name', search: ['nam'] } } })
  expect(define).type.not.toBeCallableWith({ ...item, bulkFields: ['owner'], choices: { owner: { label: 'name', where: { nam: 'x' } } } })
  expect(define).type.not.toBeCallableWith({ entity: City, path: '/cities', bulkFields: ['country'], choices: { country: { label: 'nam' } } })
  expect(define).type.not.toBeCallableWith({ entity: City, path: '/cities', bulkFields: ['tags'], choices: { tags: { label: 'nam' } } })
})

test('a scope is a condition on the entity', () => {
  expect(define).type.toBeCallableWith({ ...item, scope: () => undefined })
  expect(define).type.toBeCallableWith({ ...item, scope: async () => ({ status: 'new', owner: { name: 'x' } }) })
  expect(define).type.toBeCallableWith({ ...item, scope: ({ headers }: FastifyRequest) => headers['x'] === undefined ? undefined : { $or: [{ priority: { $gt: 1 } }, { name: 'x' }] } })
  expect(define).type.toBeCallableWith({ ...item, scope: (): FilterQuery<Item> => ({ status: 'new' }) })
  expect(define).type.toBeCallableWith({ ...item, scope: () => ({ [raw('lower(name)')]: 'x' }) })
  expect(define).type.toBeCallableWith({ ...item, scope: async ({ id }: FastifyRequest) => id === 'x' ? { priority: 1, status: 'new' } : { owner: 7 } })
  expect(define).type.not.toBeCallableWith({ ...item, scope: () => ({ statuss: 'new' }) })
  expect(define).type.not.toBeCallableWith({ ...item, scope: () => ({ status: 'old' }) })
  expect(define).type.not.toBeCallableWith({ ...item, scope: () => ({ status: 'new', statuss: 'new' }) })
  expect(define).type.not.toBeCallableWith({ ...item, scope: async () => ({ status: 'new', statuss: 'new' }) })
  expect(define).type.not.toBeCallableWith({ ...item, scope: () => null })
  expect(define).type.not.toBeCallableWith({ ...item, scope: () => false })
})

test('a rule gets the entity', () => {
  defineResource({
    ...item,
    validate: (record, context) => {
      expect(record).type.toBe<Item>()
      expect(context).type.toBe<RuleContext>()
      return record.priority === null ? { message: 'no priority', field: 'priority' } : undefined
    },
    scope: (request) => {
      expect(request).type.toBe<FastifyRequest>()
      return undefined
    }
  })
  expect(define).type.toBeCallableWith({ ...item, validate: Type.Object({ name: Type.String() }) })
  expect(define).type.toBeCallableWith({ ...item, validate: () => { throw new Error('no') } })
  expect(define).type.toBeCallableWith({ ...item, validate: async ({ name }: Item, { em }: RuleContext) => await em.count(Owner, { name }) > 0 })
  expect(define).type.not.toBeCallableWith({ ...item, validate: (record: Seat) => record.taken })
  expect(define).type.not.toBeCallableWith({ ...item, validate: () => ({ message: 'no', field: 'statuss' }) })
})

test('a persistence class and its config agree', () => {
  class Strict implements Persistence {
    readonly config: { strict: boolean }
    constructor (config: { strict: boolean }) { this.config = config }
    writeChunk () {}
  }
  class Plain implements Persistence {
    writeChunk () {}
  }
  class Lenient implements Persistence {
    readonly config: { strict: boolean } | undefined
    constructor (config: { strict: boolean } | undefined) { this.config = config }
    writeChunk () {}
  }
  expect(define).type.toBeCallableWith({ ...item, persistence: Strict, persistenceConfig: { strict: true } })
  expect(define).type.toBeCallableWith({ ...item, persistence: Plain })
  expect(define).type.toBeCallableWith({ ...item, persistence: Lenient })
  expect(define).type.toBeCallableWith({ ...item, persistence: Lenient, persistenceConfig: { strict: true } })
  expect(define).type.not.toBeCallableWith({ ...item, persistence: Strict })
  expect(define).type.not.toBeCallableWith({ ...item, persistence: Strict, persistenceConfig: { strict: 1 } })
  expect(define).type.not.toBeCallableWith({ ...item, persistenceConfig: { strict: true } })
  expect(define).type.not.toBeCallableWith({ ...item, persistence: class { writeChunks () {} } })
})

test('authorize knows its actions, and answers a boolean', () => {
  expect<Action['action']>().type.toBe<'view' | 'update' | 'delete' | 'cancel' | 'retry' | 'undo'>()
  type Authorize = NonNullable<PowercrudAsyncOptions['authorize']>
  expect<Authorize>().type.toBeAssignableFrom(async (_request: FastifyRequest, { action }: Action) => action === 'view')
  expect<Authorize>().type.not.toBeAssignableFrom(() => undefined)
  expect<Authorize>().type.not.toBeAssignableFrom(async () => {})
  const authorize: Authorize = (_request, { action }) => {
    // @ts-expect-error no overlap
    return action === 'udpate'
  }
  expect(authorize).type.toBe<Authorize>()
})

test('defined resources are options of the plugin', () => {
  expect<NonNullable<PowercrudAsyncOptions['resources']>>().type.toBeAssignableFrom({ items: defineResource({ ...item, bulkFields: ['status'] }), seats: { entity: Seat, path: '/seats' } })
})
