import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote, type Sql } from '../../database/sql.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { readReferrers, type Referrer } from '../../entities/catalog.ts'
import type { EntityTables } from '../../entities/entity-tables.ts'

/** The tables that refer to a resource's records. */
export interface Referrers {
  /** Pivot tables, whose rows are deleted with a record: they hold nothing but pairs of keys. */
  pivots: PivotTable[]
  /** Other tables: what a delete does to their rows is not stored. */
  others: Referrer[]
}

export interface PivotTable {
  /** Quoted. */
  table: string
  /** The foreign keys to the resource's records: two where both sides are of the same resource. */
  references: Referrer[]
}

export async function referrersOf ({ orm, entityTables }: Pick<Engine, 'orm' | 'entityTables'>, sql: Sql, resource: EngineResource): Promise<Referrers> {
  const pivotNames = pivotTables(entityTables, orm.getMetadata())
  const isPivot = ({ table, action }: Referrer) => action === 'c' && pivotNames.has(table)
  const referrers = await readReferrers(sql, resource.table)
  const pivots = Map.groupBy(referrers.filter(isPivot), ({ table }) => table)
  return {
    pivots: [...pivots].map(([table, references]) => ({ table, references })),
    others: referrers.filter((referrer) => !isPivot(referrer) && !isDeletedAlong(resource, referrer))
  }
}

/** SQL: whether row `alias` refers to record `t`. */
export function refersTo ({ columns, referenced }: Referrer, alias: string): string {
  return columns.map((column, place) => `${alias}.${quote(column)} = t.${quote(referenced[place]!)}`).join(' AND ')
}

function pivotTables (entityTables: EntityTables, all: Iterable<EntityMetadata>): Set<string> {
  const metas = [...all]
  const behind = new Set(metas.flatMap(({ props }) => props.filter(({ kind }) => kind === 'm:n').map((prop: EntityProperty) => prop.pivotEntity as unknown)))
  return new Set(metas.filter((meta) => meta.pivotTable === true || behind.has(meta.class) || behind.has(meta.className)).flatMap((meta) => {
    const table = entityTables.find(meta)
    return typeof table === 'string' ? [] : [table.quoted]
  }))
}

/** A reference within the table without a cascade: its target can be deleted only together with the record. */
function isDeletedAlong (resource: EngineResource, referrer: Referrer): boolean {
  return isWithin(resource, referrer) && (referrer.action === 'a' || referrer.action === 'r')
}

/** Whether it is a reference of a resource's records to each other. */
export function isWithin ({ table }: Pick<EngineResource, 'table'>, { root: from }: Referrer): boolean {
  return from === table
}
