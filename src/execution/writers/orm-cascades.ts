import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { EntityTables } from '../../entities/entity-tables.ts'
import { removes } from './choose-writer.ts'
import type { Referrer } from '../../entities/catalog.ts'

/** Rows that are deleted along with those of a table: their table, and which of their columns equal which of the others. */
type CascadeStep = Pick<Referrer, 'table' | 'name' | 'columns' | 'referenced'>

/** The quoted table of an entity, as `readReferrers` names it. */
type TableOf = (meta: EntityMetadata) => string

/** A step, and the table that it leads away from. */
interface CascadePath extends CascadeStep {
  from: string
}

/**
 * What MikroORM removes together with records of an entity, by table: what belongs to the entities that it removes, and
 * again to these. Rows that the database removes by cascade are not included.
 */
export function ormCascades (removed: EntityMetadata, all: Iterable<EntityMetadata>, entityTables: EntityTables): Map<string, CascadeStep[]> {
  const metas = [...all].filter((meta) => typeof entityTables.find(meta) !== 'string')
  const tableOf: TableOf = (meta) => entityTables.of(meta).quoted
  const steps = new Map<string, CascadeStep[]>([[tableOf(removed), []]])
  // Iteration over a Map includes what is added meanwhile.
  for (const [table] of steps) {
    for (const { from, ...way } of metas.filter((meta) => meta.pivotTable !== true && tableOf(meta) === table).flatMap((meta) => cascadesFrom(meta, metas, tableOf))) {
      steps.set(from, [...steps.get(from) ?? [], way])
      if (!steps.has(way.table)) steps.set(way.table, [])
    }
  }
  return steps
}

function cascadesFrom (meta: EntityMetadata, metas: readonly EntityMetadata[], tableOf: TableOf): CascadePath[] {
  const parent = meta.tptParent as EntityMetadata | undefined
  // What is inherited belongs to the row in the parent's table.
  const relations = meta.relations.filter((prop) => removes(prop) && parent?.properties[prop.name as never] === undefined)
  return [
    ...relations.flatMap((prop) => prop.kind === 'm:n' ? members(meta, prop, metas, tableOf) : belongings(meta, prop, tableOf)),
    ...(parent === undefined ? [] : [{ from: tableOf(meta), table: tableOf(parent), name: parent.tableName, columns: keyOf(parent), referenced: keyOf(meta) }])
  ]
}

function belongings (meta: EntityMetadata, { targetMeta, mappedBy, joinColumns, referencedColumnNames }: EntityProperty, tableOf: TableOf): CascadePath[] {
  if (targetMeta === undefined) return []
  const target = { from: tableOf(meta), table: tableOf(targetMeta), name: targetMeta.tableName }
  if (mappedBy === undefined) return [{ ...target, columns: referencedColumnNames, referenced: joinColumns }]
  const owner = targetMeta.properties[mappedBy as never] as EntityProperty
  return [{ ...target, columns: owner.joinColumns, referenced: owner.referencedColumnNames }]
}

/** By their pivot table: neither the record nor a member has a column of the other's. */
function members (
  meta: EntityMetadata, { targetMeta, pivotEntity, joinColumns, inverseJoinColumns }: EntityProperty, metas: readonly EntityMetadata[], tableOf: TableOf
): CascadePath[] {
  const pivot = metas.find((other) => other.class === pivotEntity || other.className === (pivotEntity as unknown))
  if (pivot === undefined || targetMeta === undefined) return []
  return [
    { from: tableOf(meta), table: tableOf(pivot), name: pivot.tableName, columns: joinColumns, referenced: keyOf(meta) },
    { from: tableOf(pivot), table: tableOf(targetMeta), name: targetMeta.tableName, columns: keyOf(targetMeta), referenced: inverseJoinColumns }
  ]
}

function keyOf (meta: EntityMetadata): string[] {
  return meta.getPrimaryProps().flatMap(({ fieldNames }) => fieldNames)
}
