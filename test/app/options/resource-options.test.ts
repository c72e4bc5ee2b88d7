import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { isPowercrudError, type PowercrudError } from '../../../src/errors.ts'
import { resolveOptions, type PluginOptions, type ResourceOptions } from '../../../src/app/options/index.ts'
import { entities, Item, Owner, Seat } from '../../fixtures/entities.ts'
import { discover } from '../../schemas/discover.ts'
import { Address, Exotic, exoticEntities, Floating } from '../../schemas/exotic-entities.ts'

const model = discover(entities)
const exotic = discover(exoticEntities)
const items: ResourceOptions = { entity: Item, path: '/items', bulkFields: ['status', 'owner'], filterFields: ['name'] }
const exotics: ResourceOptions = { entity: Exotic, path: '/exotics' }

function resolve (resource: object, plugin: Partial<PluginOptions> = {}) {
  return resolveOptions({ orm: model, ...plugin, resources: { it: resource as ResourceOptions } }).resources.it!
}

function refusal (resource: object, plugin: Partial<PluginOptions> = {}): PowercrudError | undefined {
  try {
    resolve(resource, plugin)
  } catch (error) {
    if (isPowercrudError(error)) return error
    throw error
  }
}

t.test('all defaults', async (t) => {
  const { meta, editable, filterable, shape, schemas, ...options } = resolve({ entity: Item, path: '/items', bulkFields: ['status'] })
  t.same(options, {
    name: 'it',
    entity: Item,
    path: '/items',
    bulkFields: ['status'],
    filterFields: [],
    bulkDelete: false,
    bulkAsync: true,
    bulkMinAsyncRecords: 20,
    bulkAsyncConflictChecking: true,
    bulkAsyncAllowAnonymous: true,
    bulkMaxSelectedRecords: 100_000,
    bulkFullClean: true,
    fieldLabels: {},
    fieldSchemas: {},
    choices: {},
    scope: undefined,
    constraintMessages: {},
    validate: undefined,
    persistence: undefined,
    persistenceConfig: undefined,
    write: 'auto',
    throttle: null,
    undo: false,
    manager: undefined
  })
  t.equal(meta.className, 'Item')
  t.same([...editable.keys()], ['status'])
  t.equal(filterable.size, 0)
  t.match(shape, { name: 'it', schemaName: 'Item', key: { column: 'int4' }, version: { name: 'version' } })
  t.ok(schemas.bulkUpdateBody)
})

t.test('anonymous background jobs are allowed while the application gives no user, or where it says so', async (t) => {
  const user = () => null
  t.equal(resolve(items).bulkAsyncAllowAnonymous, true)
  t.equal(resolve(items, { user }).bulkAsyncAllowAnonymous, false)
  t.equal(resolve({ ...items, bulkAsyncAllowAnonymous: true }, { user }).bulkAsyncAllowAnonymous, true)
  t.equal(resolve({ ...items, bulkAsyncAllowAnonymous: false }).bulkAsyncAllowAnonymous, false)
})

t.test('fields carry their labels', async (t) => {
  const { editable, filterable } = resolve({ ...items, fieldLabels: { status: 'State', name: 'Called' } })
  t.same([...editable.values(), ...filterable.values()].map(({ label }) => label), ['State', 'Owner', 'Called'])
})

t.test('an entity without a version has no versions to give', async (t) => {
  t.equal(resolve({ entity: Seat, path: '/seats', bulkDelete: true }).shape.version, undefined)
})

class Unknown {}

const wrong: readonly [what: string, resource: object, path: string, message: RegExp][] = [
  ['no entity', { ...items, entity: undefined }, 'entity', /is missing; expected a MikroORM entity/],
  ['text for an entity', { ...items, entity: 'Item' }, 'entity', /expected a MikroORM entity; given: "Item"/],
  ['an entity that was not discovered', { ...items, entity: Unknown }, 'entity', /not discovered by MikroORM; discovered: Account, Country, Item/],
  ['no path', { ...items, path: undefined }, 'path', /is missing/],
  ['a path without a slash', { ...items, path: 'items' }, 'path', /begins with a slash/],
  ['the root as path', { ...items, path: '/' }, 'path', /begins with a slash and does not end with one/],
  ['a misspelt option', { ...items, bulkField: ['x'] }, 'bulkField', /unknown option; did you mean bulkFields\?/],
  ['an option of the plugin', { ...items, conflictTtl: 5 }, 'conflictTtl', /unknown option/],
  ['fields that are no list', { ...items, bulkFields: 'status' }, 'bulkFields', /expected a list; given: "status"/],
  ['fields that are no names', { ...items, bulkFields: [1] }, 'bulkFields[0]', /expected text; given: 1/],
  ['a misspelt field', { ...items, bulkFields: ['statuss'] }, 'bulkFields[0]', /^statuss: unknown property of Item; did you mean status\? allowed: id, name, /],
  ['a name of the prototype', { ...items, bulkFields: ['constructor'] }, 'bulkFields[0]', /unknown property of Item/],
  ['the key', { ...items, bulkFields: ['status', 'id'] }, 'bulkFields[1]', /^id cannot be edited in bulk: it is the primary key/],
  ['the version', { ...items, bulkFields: ['version'] }, 'bulkFields[0]', /it is the version/],
  ['a field twice', { ...items, bulkFields: ['status', 'status'] }, 'bulkFields[1]', /status is listed twice/],
  ['a collection to filter on', { ...items, filterFields: ['labels'] }, 'filterFields[0]', /^labels cannot be filtered on: it is a collection/],
  ['nothing to do', { entity: Item, path: '/items' }, '', /neither bulkFields nor bulkDelete/],
  ['no records at all', { ...items, bulkMaxSelectedRecords: 0 }, 'bulkMaxSelectedRecords', /expected an integer from 1 to 100000000; given: 0/],
  ['a label for no field', { ...items, fieldLabels: { priority: 'P' } }, 'fieldLabels.priority', /unknown field; allowed: status, owner, name/],
  ['a label that is no text', { ...items, fieldLabels: { status: 5 } }, 'fieldLabels.status', /expected text/],
  ['choices for no field', { ...items, choices: { statuss: ['new'] } }, 'choices.statuss', /did you mean status\?/],
  ['a choice that is no value', { ...items, choices: { status: ['new', 'old'] } }, 'choices.status[1]', /expected one of new, done, held; given: "old"/],
  ['a list of choices for a reference', { ...items, choices: { owner: [1] } }, 'choices.owner', /no scalar: expected \{ label, search, where \}/],
  ['choices of records for a scalar', { ...items, choices: { status: { label: 'name' } } }, 'choices.status', /no reference: expected a list of values/],
  ['a label that is no property', { ...items, choices: { owner: { label: 'nam' } } }, 'choices.owner.label', /^nam: unknown property of Owner; did you mean name\?/],
  ['a search in no property', { ...items, choices: { owner: { search: ['name', 'x'] } } }, 'choices.owner.search[1]', /unknown property of Owner/],
  ['a rule with a misspelt keyword', { ...items, validate: { type: 'object', propertys: {} } }, 'validate', /cannot be compiled: .*unknown keyword: "propertys"/],
  ['a rule with an unknown format', { ...items, validate: { properties: { name: { type: 'string', format: 'nam' } } } }, 'validate', /unknown format "nam"/],
  ['a field schema with a misspelt keyword', { ...items, fieldSchemas: { status: { type: 'string', maxlength: 3 } } }, 'fieldSchemas.status', /unknown keyword: "maxlength"/],
  ['a scope that is no function', { ...items, scope: { tenant: 1 } }, 'scope', /expected a function/],
  ['a throttle of nothing', { ...items, throttle: 0 }, 'throttle', /given: 0/],
  ['an undo of what the application writes', { ...items, undo: true, persistence: class {} }, 'undo', /a persistence class writes/],
  ['another way to write', { ...items, write: 'fast' }, 'write', /expected one of auto, set, entity/]
]

for (const [what, resource, path, message] of wrong) {
  t.test(`refused: ${what}`, async (t) => {
    const error = refusal(resource)
    t.match(error, { code: 'invalid_options', errors: [{ path: path === '' ? 'resources.it' : `resources.it.${path}`, message }] })
    t.equal(error?.errors?.length, 1)
  })
}

t.test('refused: an undo where each class has a table of its own', async (t) => {
  const Vehicle = defineEntity({ name: 'Vehicle', inheritance: 'tpt', properties: { id: p.integer().primary(), name: p.string() } })
  const Car = defineEntity({ name: 'Car', extends: Vehicle, properties: { doors: p.integer() } })
  const orm = discover([Vehicle, Car])
  const cars = { entity: Car, path: '/cars', bulkFields: ['doors'] }
  t.match(refusal({ ...cars, undo: true }, { orm }), { code: 'invalid_options', errors: [{ path: 'resources.it.undo', message: /Car has a table for each of its classes/ }] })
  t.equal(refusal(cars, { orm }), undefined)
})

t.test('a property whose type has no schema is reported by name, and can be given one', async (t) => {
  const error = refusal({ ...exotics, bulkFields: ['inet'], filterFields: ['vector'] }, { orm: exotic })
  t.match(error, {
    code: 'unmappable_property',
    errors: [
      { path: 'resources.it.bulkFields[0]', message: 'Exotic.inet has the type string (column type: inet), which has no schema; give one in fieldSchemas.inet, or leave the field out' },
      { path: 'resources.it.filterFields[0]', message: /^Exotic\.vector has the type SearchVector \(column type: tsvector\)/ }
    ]
  })
  const { editable } = resolve({ ...exotics, bulkFields: ['inet'], fieldSchemas: { inet: { type: 'string', format: 'ipv4' } } }, { orm: exotic })
  t.match(editable.get('inet'), { type: 'custom', value: { format: 'ipv4' } })
})

t.test('with other validation errors beside it, the options are invalid', async (t) => {
  t.match(refusal({ ...exotics, bulkFields: ['inet', 'id'] }, { orm: exotic }), { code: 'invalid_options' })
})

t.test('only what has records of its own is a resource', async (t) => {
  t.match(refusal({ entity: Address, path: '/a', bulkDelete: true }, { orm: exotic }), { errors: [{ message: /Address is an embeddable/ }] })
  t.match(refusal({ entity: Floating, path: '/f', bulkDelete: true }, { orm: exotic }), { code: 'unmappable_property', errors: [{ message: /Floating\.at has the type .* which cannot be a record key/ }] })
})

t.test('two resources on one entity', async (t) => {
  const { resources } = resolveOptions({ orm: model, resources: { owners: { entity: Owner, path: '/o', bulkFields: ['name'] }, people: { entity: Owner, path: '/p', bulkDelete: true } } })
  t.same(Object.values(resources).map(({ shape }) => shape.schemaName), ['Owners', 'People'])
})
