import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { buildAjv } from '../../src/validation/ajv.ts'
import { isKeyRefusal, keyShape, type KeyColumn } from '../../schemas/entity/key.ts'
import { Account, Country, entities, Item, Ledger, Seat } from '../fixtures/entities.ts'
import { discover, metadataOf } from './discover.ts'
import { exoticEntities, Floating, Line, Nested, Profile } from './exotic-entities.ts'

const model = discover(entities)
const exotic = discover(exoticEntities)
const uuid = '0199aa00-7c1e-7000-8000-000000000003'

const keys: readonly [entity: unknown, column: KeyColumn, composite: boolean, fit: readonly unknown[], unfit: readonly unknown[]][] = [
  [Item, 'int4', false, [1, -1], ['1', 1.5, null, 2147483648, { id: 1 }]],
  [Ledger, 'int8', false, ['1', '9007199254740993'], [1, '1.5', '9223372036854775808', 'x']],
  [Account, 'uuid', false, [uuid], ['x', 1]],
  [Country, 'text', false, ['de', ''], ['deu', 1, 'd\0']],
  [Seat, 'text', true, [{ row: 'A', number: 1 }], [{ row: 'A' }, { row: 'A', number: 1, x: 1 }, { row: 'A', number: '1' }, ['A', 1], 'A']]
]

for (const [entity, column, composite, fit, unfit] of keys) {
  const meta = metadataOf(model, entity)
  t.test(meta.className, async (t) => {
    const key = keyShape(meta)
    if (isKeyRefusal(key)) return t.fail(key.reason)
    t.match(key, { column, composite })
    const validate = buildAjv([], 'body').compile(key.schema)
    for (const value of fit) t.ok(validate(value), `${JSON.stringify(value)} is a key`)
    for (const value of unfit) t.notOk(validate(value), `${JSON.stringify(value)} is none`)
  })
}

t.test('a key that is a reference is the key referred to', async (t) => {
  t.match(keyShape(metadataOf(exotic, Profile)), { composite: false, column: 'int4', parts: [{ name: 'exotic', column: 'exotic_id', columnType: 'int' }] })
  t.match(keyShape(metadataOf(exotic, Line)), { composite: true, column: 'text', parts: [{ name: 'exotic', type: 'integer' }, { name: 'position' }] })
})

t.test('what cannot name a record is no key', async (t) => {
  t.match(keyShape(metadataOf(exotic, Floating)), { refused: { name: 'at' }, reason: 'cannot be a record key' })
  t.match(keyShape(metadataOf(exotic, Nested)), { refused: { name: 'spot' } })
  const several = discover([
    defineEntity({ name: 'ByDecimal', properties: { at: p.decimal().precision(8).scale(2).primary() } }),
    defineEntity({ name: 'ByTime', properties: { at: p.time().primary() } }),
    defineEntity({ name: 'ByInterval', properties: { at: p.interval().primary() } })
  ])
  for (const name of ['ByDecimal', 'ByTime', 'ByInterval']) {
    t.match(keyShape(several.getMetadata().getByClassName(name)), { refused: { name: 'at' } }, `${name}: its values can be written in several ways`)
  }
})
