import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Slice } from '../writer.ts'
import { inSlice, sliceValues } from './slice-keys.ts'

/** Locks the records of a slice in the order of their key, as a delete would: nobody can refer to them from here on. */
export async function holdSlice (sql: Sql, tables: Tables, resource: Resource, slice: Slice): Promise<void> {
  const { table, key } = resource
  await sql.query(`
    SELECT count(*) FROM (SELECT FROM ${table} t WHERE ${inSlice(tables, resource, 't')} ORDER BY ${key.orderBy('t')} FOR UPDATE) AS held`, sliceValues(slice))
}
