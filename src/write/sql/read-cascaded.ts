import { quote, type Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { CascadePath } from '../cascades.ts'
import type { Slice } from '../writer.ts'
import { sliceKeys, sliceValues } from './slice-keys.ts'

/** The stored keys of the records at the end of a path of foreign keys that begins at a slice's records. */
export async function readCascaded (
  sql: Sql, tables: Tables, { table, key }: Resource, slice: Slice, { child, references }: CascadePath
): Promise<string[]> {
  const joins = references.map((reference, index) => {
    const parent = index === 0 ? 't' : `r${index - 1}`
    const on = reference.columns.map((column, place) => `r${index}.${quote(column)} = ${parent}.${quote(reference.referenced[place]!)}`)
    return `JOIN ${reference.table} r${index} ON ${on.join(' AND ')}`
  })
  const rows = await sql.query<{ key: string }>(`
    SELECT DISTINCT (${child.key.stored(`r${references.length - 1}`)})::text AS key
    FROM ${table} AS t ${joins.join(' ')}
    WHERE ${key.among('t', sliceKeys(tables, key))}`, sliceValues(slice))
  return rows.map(({ key }) => key)
}
