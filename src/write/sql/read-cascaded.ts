import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine.ts'
import type { CascadeGraph } from '../cascade-graph.ts'
import type { Slice } from '../writer.ts'
import { goneRows } from './gone-rows.ts'
import { inSlice, sliceKeys, sliceValues } from './slice-keys.ts'

export interface Cascaded {
  child: EngineResource
  /** Stored, in no order, each once. */
  keys: string[]
}

/** The records of resources that a delete of a slice would take along. */
export async function readCascaded (
  sql: Sql, tables: Tables, { resource, slice, graph }: { resource: EngineResource, slice: Slice, graph: CascadeGraph }
): Promise<Cascaded[]> {
  const told = [...graph.children].map(([number, child]) => `
    SELECT ${number}::int AS number, (${child.key.stored('r')})::text AS key
    FROM gone g JOIN ${graph.tables[number]!} r ON r.tableoid = g.part AND r.ctid = g.place
    WHERE g.number = ${number}${child.root === resource.root ? ` AND NOT (${child.key.among('r', sliceKeys(tables, resource.key))})` : ''}`)
  const rows = await sql.query<{ number: number, keys: string[] }>(`
    WITH RECURSIVE ${goneRows(graph, `${resource.table} t WHERE ${inSlice(tables, resource, 't')}`)}
    SELECT number, array_agg(key) AS keys FROM (${told.join(' UNION ALL ')}) found GROUP BY number ORDER BY number`, sliceValues(slice))
  return rows.map(({ number, keys }) => ({ child: graph.children.get(number)!, keys }))
}
