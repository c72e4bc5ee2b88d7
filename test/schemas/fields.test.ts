import type { EntityProperty } from '@mikro-orm/core'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { isFieldRefusal, labelOf, mapBulkField, mapFilterField, type FieldOptions } from '../../schemas/entity/field.ts'
import type { FilterOperator } from '../../schemas/entity/operators.ts'
import { discover, metadataOf } from './discover.ts'
import { Circle, Exotic, exoticEntities, Shape } from './exotic-entities.ts'

const orm = discover(exoticEntities)
const meta = metadataOf(orm, Exotic)

function prop (name: string, of = meta): EntityProperty {
  return of.properties[name as never] as EntityProperty
}

function bulkField (name: string, options: FieldOptions = {}, of = meta) {
  const property = prop(name, of)
  return mapBulkField(of, property, options, property.pivotEntity && orm.getMetadata().find(property.pivotEntity))
}

const order: readonly FilterOperator[] = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'isNull']
const choice: readonly FilterOperator[] = ['eq', 'ne', 'in', 'nin', 'isNull']
const text: readonly FilterOperator[] = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'startsWith', 'isNull']

const editable: readonly [name: string, kind: string, type: string, nullable: boolean, operators: readonly FilterOperator[]][] = [
  ['flag', 'scalar', 'boolean', false, ['eq', 'ne', 'isNull']],
  ['small', 'scalar', 'integer', false, order],
  ['whole', 'scalar', 'integer', true, order],
  ['big', 'scalar', 'bigint', false, order],
  ['price', 'scalar', 'decimal', false, order],
  ['ratio', 'scalar', 'float', false, order],
  ['single', 'scalar', 'float', false, order],
  ['name', 'scalar', 'text', false, text],
  ['plain', 'scalar', 'text', false, text],
  ['body', 'scalar', 'text', false, text],
  ['letter', 'scalar', 'text', false, text],
  ['day', 'scalar', 'date', false, order],
  ['at', 'scalar', 'instant', true, order],
  ['instantWithoutZone', 'scalar', 'instant', false, order],
  ['opens', 'scalar', 'time', false, order],
  ['lasts', 'scalar', 'interval', false, order],
  ['ref', 'scalar', 'uuid', false, choice],
  ['status', 'scalar', 'enum', false, choice],
  ['native', 'scalar', 'enum', false, choice],
  ['level', 'scalar', 'enum', false, choice],
  ['words', 'scalar', 'array', false, ['isNull']],
  ['colours', 'scalar', 'array', false, ['isNull']],
  ['extra', 'scalar', 'json', false, ['isNull']],
  ['money', 'scalar', 'decimal', false, order],
  ['home', 'embedded', 'embedded', true, []],
  ['work', 'embedded', 'embedded', false, []],
  ['past', 'embedded', 'embedded', false, []],
  ['tag', 'reference', 'reference', true, choice],
  ['spot', 'reference', 'reference', false, choice],
  ['detail', 'reference', 'reference', true, choice],
  ['tags', 'collection', 'collection', false, []],
  ['updatedAt', 'scalar', 'instant', false, order]
]

for (const [name, kind, type, nullable, operators] of editable) {
  t.test(`${name} can be edited`, async (t) => {
    const field = bulkField(name)
    t.notOk(isFieldRefusal(field))
    t.match(field, { name, kind, type, nullable })
    t.same('operators' in field && field.operators, operators)
  })
}

const refused: readonly [name: string, cause: 'refused' | 'unmappable', reason: RegExp][] = [
  ['id', 'refused', /primary key/],
  ['version', 'refused', /version/],
  ['shout', 'refused', /formula/],
  ['slug', 'refused', /generated/],
  ['memo', 'refused', /not persisted/],
  ['parts', 'refused', /one-to-many/],
  ['either', 'refused', /several entities/],
  ['byCode', 'refused', /another property than the primary key/],
  ['noted', 'refused', /pivot table has a required column of its own, text/],
  ['owned', 'refused', /removed from it would be deleted \(orphanRemoval\)/],
  ['home_street', 'refused', /part of home/],
  ['bytes', 'unmappable', /^Exotic\.bytes has the type BlobType \(column type: bytea\)/],
  ['vector', 'unmappable', /^Exotic\.vector has the type SearchVector \(column type: tsvector\)/],
  ['inet', 'unmappable', /^Exotic\.inet has the type string \(column type: inet\)/],
  ['opaque', 'unmappable', /^Exotic\.opaque\.vector has the type SearchVector/]
]

for (const [name, cause, reason] of refused) {
  t.test(`${name} cannot be edited`, async (t) => {
    t.match(bulkField(name), { cause, reason })
  })
}

t.test('inverse sides', async (t) => {
  t.match(mapBulkField(metadataOf(orm, 'Detail'), prop('exotic', metadataOf(orm, 'Detail'))), { cause: 'refused', reason: /inverse side of a one-to-one/ })
  t.match(bulkField('exotics', {}, metadataOf(orm, 'Tag')), { kind: 'collection' }, 'many-to-many can be edited from both sides')
})

t.test('the column that says which class a record is of cannot be edited', async (t) => {
  for (const entity of [Shape, Circle]) t.match(bulkField('kind', {}, metadataOf(orm, entity)), { cause: 'refused', reason: /which class/ })
  t.notOk(isFieldRefusal(bulkField('radius', {}, metadataOf(orm, Circle))))
})

t.test('a schema of the application stands in for a type that has none', async (t) => {
  const schema = Type.String({ format: 'ipv4' })
  t.match(bulkField('inet', { schema }), { kind: 'scalar', type: 'custom', value: schema, operators: choice })
  t.match(bulkField('id', { schema }), { cause: 'refused' }, 'but makes nothing editable that is not')
})

t.test('filters take scalars and to-one references', async (t) => {
  for (const name of ['id', 'version', 'slug', 'tag', 'spot', 'name', 'extra']) t.notOk(isFieldRefusal(mapFilterField(meta, prop(name))), name)
  t.match(mapFilterField(meta, prop('tags')), { reason: /collection/ })
  t.match(mapFilterField(meta, prop('home')), { reason: /embedded/ })
  t.match(mapFilterField(meta, prop('shout')), { reason: /formula/ })
  t.match(mapFilterField(meta, prop('bytes')), { cause: 'unmappable' })
})

t.test('labels', async (t) => {
  for (const [name, label] of [['status', 'Status'], ['reviewedAt', 'Reviewed at'], ['due_at', 'Due at'], ['line2', 'Line2'], ['ÜberName', 'Über name']] as const) {
    t.equal(labelOf(name), label)
  }
  t.match(bulkField('status', { label: 'State' }), { label: 'State' })
})
