import type { EntityMetadata, EntityName } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import type { Sql } from '../database/sql.ts'
import type { EntityTables } from './entity-tables.ts'
import { fingerprintOf } from './fingerprint.ts'
import { classCondition, subclassesOf } from './subclasses.ts'
import { recordKeyOf, type RecordKey } from './record-key.ts'
import { readColumns, type TableColumn } from './catalog.ts'

/** An entity of any shape. MikroORM's types are invariant: an entity is not an `EntityName<object>`. */
export type BulkEntity = EntityName

/** A MikroORM entity exposed for bulk operations, as the engine sees it. */
export interface Resource<Options = unknown> {
  readonly name: string
  readonly entity: BulkEntity
  readonly meta: EntityMetadata
  /** Quoted table, with its schema. */
  readonly table: string
  /** Which table each entity is in that the resource's has to do with. */
  readonly entityTables: EntityTables
  /** Name of the root table: the lock namespace that all resources on one entity (and its subclasses) share. */
  readonly root: string
  readonly key: RecordKey
  /** By name. */
  readonly columns: ReadonlyMap<string, TableColumn>
  /** The classes that its records can be of: the entity's own, and those that extend it. */
  readonly classes: readonly EntityMetadata[]
  /** SQL: ` AND …`, where the table also has rows of other classes. */
  ofClass (alias: string): string
  readonly options: Options
  /** Shows whether server and worker agree on the resource, and where they differ. */
  readonly fingerprint: string
}

/** Reads an entity's metadata, and from the database what metadata does not contain: the collation of a text key, the names of types. */
export async function describeResource<Options> (
  { orm, sql, entityTables, name, entity, options }: { orm: MikroORM, sql: Sql, entityTables: EntityTables, name: string, entity: BulkEntity, options: Options }
): Promise<Resource<Options>> {
  const meta = orm.getMetadata().get(entity) as EntityMetadata
  const table = entityTables.of(meta).quoted
  const root = entityTables.rootOf(meta)
  const columns = await readColumns(sql, table)
  const classes = subclassesOf(meta, orm.getMetadata())
  return {
    name,
    entity,
    meta,
    table,
    entityTables,
    root,
    key: recordKeyOf(meta, columns),
    columns,
    classes,
    ofClass: (alias) => classCondition(meta, classes, alias),
    options,
    fingerprint: fingerprintOf(meta, root, options)
  }
}
