import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { performBulk } from '../../../src/operations/launch/perform-bulk.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'

const Shape = defineEntity({
  name: 'Shape',
  discriminatorColumn: 'kind',
  discriminatorValue: 'shape',
  properties: { id: p.integer().primary(), kind: p.enum(['shape', 'round', 'circle']).fieldName('shape_kind'), name: p.string() }
})
const Round = defineEntity({ name: 'Round', extends: Shape, discriminatorValue: 'round', properties: { radius: p.double() } })
const Circle = defineEntity({ name: 'Circle', extends: Round, discriminatorValue: 'circle', properties: { filled: p.boolean().default(false) } })

const { database, engine, rows, perform, unwritten } = await openBulk(t, {
  entities: [Shape, Round, Circle],
  resources: { shapes: { entity: Shape }, rounds: { entity: Round }, circles: { entity: Circle } },
  async seed (client) {
    await client.query(`
      INSERT INTO shape (id, shape_kind, name, radius, filled) VALUES
        (1, 'shape', 'a', NULL, NULL), (2, 'round', 'b', 1, NULL), (3, 'circle', 'c', 1, false), (4, 'circle', 'd', 1, false)`)
  }
})

t.test('in a table of several classes, those of the entity and its subclasses are written', async (t) => {
  const cases = { shapes: [1, 2, 3, 4], rounds: [2, 3, 4], circles: [3, 4] }
  for (const [name, ids] of Object.entries(cases)) {
    t.match(await perform(name, { selection: { all: true }, set: { name } }), { status: 'succeeded', succeeded: ids.length })
    t.same(await rows('SELECT id FROM shape WHERE name = $1 ORDER BY id', [name]), ids.map((id) => ({ id })))
  }
  t.match(await perform('circles', { selection: { ids: [2, 3] }, set: { radius: 7, filled: true } }), { succeeded: 1, missing: 1 })
  t.same(await rows('SELECT id, radius, filled FROM shape WHERE radius = 7'), [{ id: 3, radius: 7, filled: true }])
})

t.test('a record that is of another class when its turn comes is missing', async (t) => {
  const gate = await createGate(database, { table: 'powercrud.job', on: 'insert' })
  for (const set of [{ filled: true }, undefined]) {
    await rows("UPDATE shape SET shape_kind = 'circle', filled = false WHERE id IN (3, 4)")
    await gate.close()
    const performed = performBulk(engine, bulkLaunch(engine, 'circles', { selection: { all: true }, set, runInRequest: 'always' }))
    await gate.waitUntilReached()
    await rows("UPDATE shape SET shape_kind = 'round' WHERE id = 4")
    await gate.open()
    const { job } = await performed
    t.match(job, { status: 'succeeded', succeeded: 1, missing: 1 })
    t.match(await unwritten(job), [{ key: '4', outcome: 'missing' }])
  }
  t.same(await rows('SELECT id, filled FROM shape WHERE id >= 3 ORDER BY id'), [{ id: 4, filled: false }], 'deletes are no different')
})
