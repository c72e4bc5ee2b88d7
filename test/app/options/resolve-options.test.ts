import assert from 'node:assert'
import { EventEmitter } from 'node:events'
import t from 'tap'
import { isPowercrudError, type PowercrudError } from '../../../src/errors.ts'
import { resolveOptions, type PluginOptions } from '../../../src/app/options/index.ts'
import { entities, Item, Owner } from '../../fixtures/entities.ts'
import { discover } from '../../schemas/discover.ts'

const orm = discover(entities)
const items = { entity: Item, path: '/items', bulkFields: ['status'] }

function refusal (options: object): PowercrudError {
  try {
    resolveOptions(options as PluginOptions)
  } catch (error) {
    if (isPowercrudError(error)) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the options were taken' })
}

t.test('all defaults', async (t) => {
  const { orm: given, ...rest } = resolveOptions({ orm })
  t.equal(given, orm)
  t.same(rest, {
    redis: undefined,
    resources: {},
    tasks: {},
    prefix: 'powercrud',
    databaseSchema: 'powercrud',
    schemaPrefix: 'Powercrud',
    asyncEnabled: true,
    conflictTtlMs: 3_600_000,
    progressTtlMs: 7_200_000,
    cleanupGracePeriodMs: 86_400_000,
    maxTaskDurationMs: 3_600_000,
    cleanupScheduleIntervalMs: 300_000,
    worker: { mode: 'in-process', concurrency: 2 },
    manager: undefined,
    authorize: undefined,
    user: undefined,
    canSeeJob: undefined,
    maxQueuedJobsPerUser: 1000,
    basePath: '/powercrud/async',
    dashboard: false,
    migrate: false,
    progressCompletionStatus: 286
  })
})

t.test('what is given is kept, undefined means not given', async (t) => {
  const user = () => ({ id: '7', label: 'ada' })
  const options = resolveOptions({ orm, user, conflictTtl: 1.5, worker: { concurrency: 5 }, prefix: undefined, progressCompletionStatus: 200 })
  t.match(options, { user, conflictTtlMs: 1500, worker: { mode: 'in-process', concurrency: 5 }, prefix: 'powercrud', progressCompletionStatus: 200 })
})

t.test('options are copied and frozen, what belongs to others is not', async (t) => {
  const tasks = { rebuild: async () => {} }
  const redis = Object.assign(new EventEmitter(), { duplicate: () => redis })
  const options = resolveOptions({ orm, redis, tasks, worker: {}, resources: { items } })
  for (const frozen of [options, options.tasks, options.worker, options.resources, options.resources.items, options.resources.items!.bulkFields]) {
    t.ok(Object.isFrozen(frozen))
  }
  for (const foreign of [tasks, redis, orm, Item, items.bulkFields]) t.notOk(Object.isFrozen(foreign))
  t.equal(options.redis, redis)
  t.throws(() => { (options as { prefix: string }).prefix = 'x' }, TypeError)
})

t.test('redis may be a client, true, or a name', async (t) => {
  for (const redis of [true, 'cache', { duplicate () {} }] as const) t.equal(resolveOptions({ orm, redis }).redis === undefined, false)
  for (const redis of [false, 5, '', {}, null]) t.match(refusal({ orm, redis }).errors, [{ path: 'redis' }])
})

const wrong: readonly [what: string, options: object, path: string, message: RegExp][] = [
  ['nothing', undefined as never, '', /^expected an object with orm, .*given: undefined$/],
  ['no orm', {}, 'orm', /is missing; expected an initialised MikroORM/],
  ['something else as orm', { orm: {} }, 'orm', /expected an initialised MikroORM; given: an empty object/],
  ['an option with other letters', { conflictTTL: 5 }, 'conflictTTL', /unknown option; did you mean conflictTtl\? allowed: orm, /],
  ['an option in PowerCRUD\'s own spelling', { conflict_ttl: 5 }, 'conflict_ttl', /did you mean conflictTtl\?/],
  ['an unknown option', { zzz: 5 }, 'zzz', /^unknown option; allowed: orm, /],
  ['a duration as text', { conflictTtl: '5' }, 'conflictTtl', /expected a number from 1 to \d+; given: "5"/],
  ['a duration that is none', { progressTtl: 0 }, 'progressTtl', /given: 0/],
  ['a duration that no timer takes', { cleanupScheduleInterval: 1e10 }, 'cleanupScheduleInterval', /expected a number from 1 to 2147483/],
  ['a duration that is not a number', { maxTaskDuration: NaN }, 'maxTaskDuration', /given: NaN/],
  ['a worker in no mode', { worker: { mode: 'thread' } }, 'worker.mode', /expected one of in-process, separate; given: "thread"/],
  ['a misspelt worker option', { worker: { concurency: 3 } }, 'worker.concurency', /did you mean concurrency\?/],
  ['half a worker', { worker: { concurrency: 1.5 } }, 'worker.concurrency', /expected an integer from 1 to 100; given: 1\.5/],
  ['authorize that is no function', { authorize: true }, 'authorize', /expected a function; given: true/],
  ['a manager that is no class', { manager: {} }, 'manager', /expected a class/],
  ['a task that is no function', { tasks: { rebuild: 'x' } }, 'tasks.rebuild', /expected a function or .*; given: "x"/],
  ['a task called like an operation', { tasks: { update: () => {} } }, 'tasks.update', /operation of our own/],
  ['a task with a blank', { tasks: { 'a b': () => {} } }, 'tasks["a b"]', /expected a name of up to 100/],
  ['a schema of PostgreSQL', { databaseSchema: 'pg_catalog' }, 'databaseSchema', /neither `bullmq` nor one of PostgreSQL's own/],
  ['the schema of BullMQ', { databaseSchema: 'bullmq' }, 'databaseSchema', /given: "bullmq"/],
  ['a schema that would have to be quoted', { databaseSchema: 'My Schema' }, 'databaseSchema', /lower-case name/],
  ['a prefix with a colon', { prefix: 'a:b' }, 'prefix', /letters, digits, hyphens and underscores/],
  ['a base path with a slash at its end', { basePath: '/powercrud/' }, 'basePath', /begins with a slash and does not end with one/],
  ['another completion status', { progressCompletionStatus: 204 }, 'progressCompletionStatus', /expected one of 286, 200; given: 204/],
  ['a resource that is no object', { resources: { items: Item.name } }, 'resources.items', /expected an object/],
  ['a list of resources', { resources: [items] }, 'resources', /given: a list of 1/],
  ['a resource name with a slash', { resources: { 'a/b': items } }, 'resources["a/b"]', /expected a name of up to 63/]
]

for (const [what, options, path, message] of wrong) {
  t.test(`refused: ${what}`, async (t) => {
    const error = refusal(options === undefined || what.endsWith('orm') ? options : { orm, ...options })
    t.match(error, { code: 'invalid_options', errors: [{ path, message }] })
    t.equal(error.errors!.length, 1)
    t.ok(error.message.includes(path))
  })
}

t.test('all validation errors are reported at once, of the plugin and of each resource', async (t) => {
  const error = refusal({
    orm,
    tasks: { delete: () => {} },
    resources: { items: { ...items, path: 'items' }, owners: { entity: Owner, path: '/owners', bulkFields: ['nam'] } }
  })
  t.same(error.errors!.map(({ path }) => path), ['tasks.delete', 'resources.items.path', 'resources.owners.bulkFields[0]'])
  t.match(error.message, /^wrong options of fastify-powercrud-async: 3 errors:\n- tasks\.delete: .*\n- resources\.items\.path: .*\n- resources\.owners\.bulkFields\[0\]: nam: unknown property of Owner; did you mean name\?/)
})

t.test('two resources have two paths, and none that of the jobs', async (t) => {
  t.match(refusal({ orm, resources: { items, copies: { ...items, bulkFields: ['name'] } } }).errors, [{ path: 'resources.copies.path', message: '/items is the path of items already' }])
  t.match(refusal({ orm, basePath: '/items', resources: { items } }).errors, [{ path: 'resources.items.path', message: /is the basePath/ }])
})

t.test('no two resources have schemas of one name', async (t) => {
  const resources = { 'my-items': items, my_items: { ...items, path: '/others' } }
  t.match(refusal({ orm, resources }).errors, [{ path: 'resources.my_items', message: /would be called MyItems, like those of my-items/ }])
})
