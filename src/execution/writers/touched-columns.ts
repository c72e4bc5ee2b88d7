import type { EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { columnsOfValues, type ColumnValue } from '../../entities/columns.ts'
import { quote } from '../../database/sql.ts'
import type { Resource } from '../../entities/resource.ts'

/**
 * The columns that every update of an entity writes beside what was asked: `onUpdate` properties, which MikroORM's bulk
 * updates never call, once per statement; and the version, as SQL assignments.
 */
export function touchedColumns (resource: Resource, em: EntityManager, set: Record<string, unknown>): { columns: ColumnValue[], assignments: string[] } {
  const { props } = resource.meta
  const called = props.filter((prop) => prop.onUpdate !== undefined && prop.embedded === undefined && !(prop.name in set) && !prop.version)
  const values = Object.fromEntries(called.map((prop) => [prop.name, prop.onUpdate!({} as never, em)]))
  const version = props.find((prop) => prop.version)
  return { columns: columnsOfValues(resource, em, values), assignments: version === undefined ? [] : [versionAssignment(version)] }
}

function versionAssignment (version: EntityProperty): string {
  const column = quote(version.fieldNames[0]!)
  return version.runtimeType === 'Date' ? `${column} = now()` : `${column} = t.${column} + 1`
}
