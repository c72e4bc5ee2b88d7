import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { isFieldRefusal, mapFilterField } from '../../schemas/entity/field.ts'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { rowResults } from '../../src/jobs/results/row-results.ts'
import { conditionOf, visibleRows } from '../../src/entities/conditions.ts'
import { previewBulk } from '../../src/operations/preview/preview-bulk.ts'
import { kindValues } from '../fixtures/kind-values.ts'
import { openBulk, type Bulk } from '../helpers/bulk.ts'
import { bulkLaunch } from '../helpers/engine.ts'
import { openKinds } from '../helpers/kinds.ts'

// Nothing may depend on where the process is.
process.env.TZ = 'America/New_York'

async function found ({ orm, engine, rows }: Bulk, name: string, filter: Record<string, unknown>): Promise<number[]> {
  const resource = engine.resources.get(name)!
  const em = orm.em.fork()
  const sql = await visibleRows(resource, { em, scope: undefined }, conditionOf(resource, em, filter))
  return (await rows<{ id: number }>(`SELECT id FROM (${sql}) AS found ORDER BY id`)).map(({ id }) => id)
}

t.test('every operator of every kind of field finds what was written, and is null-safe', async (t) => {
  const bulk = await openKinds(t)
  const { engine, perform } = bulk
  const { meta } = engine.resources.get('kinds')!
  // A value finer than its column is kept is not what was written.
  const cases = Object.entries({ ...kindValues, atMillis: [{ json: '2026-11-24T09:30:00.123-05:30' }] })
  // The first record has the values, the second none.
  const expected = { eq: [1], ne: [2], in: [1], nin: [2], gt: [], gte: [1], lt: [], lte: [1], contains: [], startsWith: [] }
  const seen = new Set<string>()
  for (const round of [0, 1]) {
    const set = Object.fromEntries(cases.flatMap(([field, values]) => values[round] === undefined ? [] : [[field, values[round].json]]))
    t.match(await perform('kinds', { selection: { ids: [1] }, set }), { succeeded: 1 })
    for (const [field, json] of Object.entries(set)) {
      const shape = mapFilterField(meta, meta.properties[field as never]!)
      if (isFieldRefusal(shape)) continue
      const operands = { eq: json, ne: json, in: [json], nin: [json], gt: json, gte: json, lt: json, lte: json, contains: '¿', startsWith: '¿' }
      for (const operator of shape.operators) {
        seen.add(operator)
        if (operator !== 'isNull') t.same(await found(bulk, 'kinds', { [field]: { [operator]: operands[operator] } }), expected[operator], `${field} ${operator} ${JSON.stringify(json)}`)
      }
      if (shape.operators.includes('eq')) t.same(await found(bulk, 'kinds', { [field]: json }), [1], `${field} is ${JSON.stringify(json)}`)
      t.same(await found(bulk, 'kinds', { [field]: { isNull: true } }), [2], `${field} has none`)
      t.same(await found(bulk, 'kinds', { [field]: { isNull: false } }), [1], `${field} has one`)
    }
  }
  t.same([...seen].sort(), ['contains', 'eq', 'gt', 'gte', 'in', 'isNull', 'lt', 'lte', 'ne', 'nin', 'startsWith'])
  t.same(await found(bulk, 'kinds', { flag: { ne: null } }), [1])
  t.same(await found(bulk, 'kinds', { flag: null }), [2])
  // A number so small that no `real` is.
  const filter = { single: { nin: [1, 1e-60] } }
  await t.rejects(perform('kinds', { selection: { filter }, set: { flag: true } }), { code: 'validation_failed', errors: [{ path: '/selection/filter/single' }] })
})

const Owner = defineEntity({ name: 'Owner', properties: { id: p.integer().primary(), name: p.string() } })
const Note = defineEntity({
  name: 'Note',
  filters: {
    alive: { name: 'alive', cond: { deleted: false }, default: true },
    tenant: { name: 'tenant', cond: ({ tenant }: { tenant: number }) => ({ tenant }), default: true }
  },
  properties: {
    id: p.integer().primary(),
    text: p.string(),
    anyCase: p.string().columnType('varchar(20)').collation('any_case'),
    tenant: p.integer(),
    deleted: p.boolean().default(false),
    shelf: p.integer().nullable(),
    owner: () => p.manyToOne(Owner).nullable()
  }
})

const world = await openBulk(t, {
  entities: [Owner, Note],
  before: "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
  resources: { notes: { entity: Note, bulkFields: ['shelf', 'owner'] } },
  async seed (client) {
    const texts = ['100% sure', '100 sure', 'a_b', 'aXb', 'back\\slash', 'backslash', "it's", 'ÜBER', 'über', '']
    await client.query("INSERT INTO owner VALUES (1, 'ada')")
    for (const [index, text] of texts.entries()) await client.query('INSERT INTO note VALUES ($1, $2, $2, 1, false, $1)', [index + 1, text])
    await client.query("INSERT INTO note VALUES (21, 'gone', '', 1, true, 21), (22, 'theirs', '', 2, false, 22), (23, 'both', '', 2, true, 23), (24, 'off', '', 1, false, 900)")
  }
})

const asTenant = (tenant: number, scope?: object) => {
  const em = world.orm.em.fork()
  em.setFilterParams('tenant', { tenant })
  return { em, scope }
}

t.test('a search for text takes everything literally, but upper and lower case for the same', async (t) => {
  const { engine, rows } = world
  const resource = engine.resources.get('notes')!
  for (const field of ['text', 'anyCase']) {
    const search = async (filter: object) => {
      const view = asTenant(1)
      return (await rows<{ id: number }>(`SELECT id FROM (${await visibleRows(resource, view, conditionOf(resource, view.em, { [field]: filter }))}) AS found ORDER BY id`)).map(({ id }) => id)
    }
    t.same(await search({ contains: '0%' }), [1], field)
    t.same(await search({ contains: 'A_B' }), [3])
    t.same(await search({ contains: '\\s' }), [5])
    t.same(await search({ contains: "t's" }), [7])
    t.same(await search({ startsWith: 'über' }), [8, 9])
    t.same(await search({ startsWith: '00' }), [])
    t.same(await search({ contains: 'sure', startsWith: '100 ' }), [2], 'all of them must hold')
  }
})

t.test('filters of MikroORM and the scope hold for every way to select', async (t) => {
  const { engine, perform, rows } = world
  const view = () => asTenant(1, { shelf: { $lt: 900 } })
  const hidden = [21, 22, 23, 24]
  const others = 'SELECT id, shelf FROM note WHERE id > 20 ORDER BY id'
  const before = await rows(others)

  const byIds = await perform('notes', { selection: { ids: [24, 1, 23, 22, 21] }, set: { shelf: 0 }, view: view() })
  t.match(byIds, { status: 'succeeded', succeeded: 1, missing: 4 })
  const results: unknown[] = []
  for await (const { result } of rowResults(engine, byIds)) results.push(result)
  const missing = { outcome: 'missing', code: 'missing' }
  t.same(results, [{ index: 1, id: 1, outcome: 'succeeded' }, { index: 4, id: 21, ...missing }, { index: 3, id: 22, ...missing }, { index: 2, id: 23, ...missing }, { index: 0, id: 24, ...missing }])
  t.match(await perform('notes', { selection: { all: true }, set: { shelf: 1 }, view: view() }), { total: 10, succeeded: 10 })
  t.match(await perform('notes', { selection: { filter: { text: { ne: 'x' } } }, set: { shelf: 2 }, view: view() }), { total: 10, succeeded: 10 })
  t.match(await perform('notes', { selection: { ids: hidden }, view: view() }), { operation: 'delete', status: 'failed', error_code: 'all_records_missing' })
  t.same(await rows(others), before, 'never touched')

  // A job of somebody who may holds them: those who may not see them learn nothing of it.
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'notes', { selection: { ids: [22] }, set: { shelf: 3 }, view: asTenant(2), runInRequest: 'never' }))
  t.equal(job.status, 'queued')
  t.match(await perform('notes', { selection: { ids: [22, 1] }, set: { shelf: 4 }, view: view() }), { status: 'succeeded', succeeded: 1, missing: 1 })
  const preview = await previewBulk(engine, { ...bulkLaunch(engine, 'notes', { selection: { ids: [] }, set: { shelf: 5 }, view: view() }), operation: 'update', selection: { ids: [22, 1] } })
  t.match(preview, { count: 2, conflictCount: 0, conflicts: [] })
  t.same(preview.sample.map(({ id }) => id), [1])
  t.same(preview.failures, [])
})
