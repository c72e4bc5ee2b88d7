import { Type, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { hasCanonicalText } from '../../entities/column-type.ts'
import { columnsOf, type ColumnValue } from '../../entities/columns.ts'
import type { Sql } from '../../database/sql.ts'
import type { Resource } from '../../entities/resource.ts'

/**
 * The values of a change set as the database returns them, by property: an entity that was loaded holds
 * these, and only by the same representation MikroORM sees that nothing has changed.
 */
export async function normalizedValues (sql: Sql, em: EntityManager, resource: Resource, set: Record<string, unknown>): Promise<Map<string, unknown>> {
  const { meta } = resource
  const columns = columnsOf(resource, em, Object.fromEntries(Object.entries(set).filter(([name, value]) => value !== null && isPlain(meta.properties[name as never] as EntityProperty))))
    .filter(({ type }) => hasCanonicalText(type))
  const normalized = await readNormalized(sql, columns)
  return new Map(columns.map(({ property }, index) => [property, normalized[`v${index}`]]))
}

/** Instants are `Date`s, which have one representation only. */
function isPlain ({ kind, customType, runtimeType }: EntityProperty): boolean {
  return kind === 'scalar' && runtimeType !== 'Date' && (customType === undefined || Type.getOrmType(customType.constructor) !== undefined)
}

/** Input: values for columns. Output: the same as they are read from columns, named `v0`, `v1` … */
async function readNormalized (sql: Sql, columns: readonly ColumnValue[]): Promise<Record<string, unknown>> {
  if (columns.length === 0) return {}
  const [row] = await sql.query(`SELECT ${columns.map(({ wrap }, index) => `${wrap(`$${index + 1}`)} AS v${index}`).join(', ')}`, columns.map(({ value }) => value))
  return row!
}
