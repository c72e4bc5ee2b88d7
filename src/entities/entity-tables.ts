import type { EntityMetadata } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { entityManagerSql } from '../database/entity-transaction.ts'
import { quote, type Sql } from '../database/sql.ts'
import { configurationError } from '../errors.ts'
import { findTables, type FoundTable } from './catalog.ts'

/** The table of an entity, as the database has it. */
export interface EntityTable extends FoundTable {
  /** Quoted, with its schema. */
  readonly quoted: string
}

/** Which table each entity of a MikroORM is in; the one place that says so. */
export interface EntityTables {
  /** @throws invalid_options for an entity whose table is not certain, with the reason */
  of (meta: EntityMetadata): EntityTable
  /** The same, or the reason why the table is not certain. */
  find (meta: EntityMetadata): EntityTable | string
  /** The lock namespace of an entity and its subclasses, such as `public.city`. @throws as `of` */
  rootOf (meta: EntityMetadata): string
}

/** The schema that MikroORM leaves out of its statements, so that the search path of the session decides. */
const leftOut = 'public'

/**
 * Finds the tables of all entities: in the entity's own schema, else in that of the ORM, else where the session's search
 * path finds them. MikroORM never writes the schema `public`, so the search path decides there too.
 *
 * Both MikroORM's connections and ours must find the same table: a selection is frozen on one of ours with the SQL of
 * MikroORM's query builder.
 */
export async function readEntityTables (orm: MikroORM, ours: Sql): Promise<EntityTables> {
  const metas = ([...orm.getMetadata()] as EntityMetadata[]).filter(({ embeddable, virtual }) => embeddable !== true && virtual !== true)
  const names = metas.map((meta) => ({ schema: writtenSchema(orm, meta), table: meta.tableName }))
  await orm.em.getConnection('write').ensureConnection()
  const theirs = entityManagerSql(orm.em.fork({ clear: true, useContext: false }) as never)
  const [found, seen] = [await findTables(theirs, names), await findTables(ours, names)]
  const tables = new Map(metas.map((meta, index) => [meta.class as unknown, tableOf(meta, names[index]!, found[index], seen[index])]))
  const find = (meta: EntityMetadata) => tables.get(meta.class) ?? `the table of ${meta.className} was not looked for when the engine was opened`
  const of = (meta: EntityMetadata) => {
    const table = find(meta)
    if (typeof table === 'string') throw configurationError('invalid_options', table)
    return table
  }
  return {
    find,
    of,
    rootOf (meta) {
      const { schema, name } = of((meta.root ?? meta) as EntityMetadata)
      return `${schema}.${name}`
    }
  }
}

/** The schema in MikroORM's statements; undefined where there is none. */
function writtenSchema (orm: MikroORM, meta: EntityMetadata): string | undefined {
  const schema = meta.schema ?? orm.em.schema ?? orm.config.get('schema')
  return schema === leftOut ? undefined : schema
}

function tableOf (
  { className, schema: own }: EntityMetadata, { schema, table }: { schema: string | undefined, table: string },
  found: FoundTable | undefined, seen: FoundTable | undefined
): EntityTable | string {
  if (own === '*') {
    return `${className} has the schema '*', so its table depends on who asks; give the entity the one schema that its records are in`
  }
  if (found === undefined) {
    const where = schema === undefined ? `no schema of the search path has a table ${table}` : `there is no table ${schema}.${table}`
    return `${className}: ${where}; create it first, or name its schema in the entity or in MikroORM's option schema`
  }
  if (own === leftOut && found.schema !== leftOut) {
    return `${className} is declared in the schema ${own}, which MikroORM does not write into its statements, and the search path finds ${found.schema}.${table}; ` +
      `put ${leftOut} before ${found.schema} in the search path, or rename one of the tables`
  }
  if (seen?.id !== found.id) {
    return `${className}: MikroORM's connections find ${found.schema}.${table}, and connections with the same options ${seen === undefined ? 'find no such table' : `find ${seen.schema}.${table}`}; ` +
      'set the search path in the connection options or for the role, not in onCreateConnection'
  }
  return { ...found, quoted: `${quote(found.schema)}.${quote(found.name)}` }
}
