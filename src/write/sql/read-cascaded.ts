import { quote, type Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine.ts'
import type { CascadeGraph, CascadeReference } from '../cascade-graph.ts'
import type { Slice } from '../writer.ts'
import { sliceKeys, sliceValues } from './slice-keys.ts'

export interface Cascaded {
  child: EngineResource
  /** Stored, in no order, each once. */
  keys: string[]
}

/**
 * The records of resources that a delete of a slice would take along. Rows are followed by their place in the tables,
 * each once, so that circles come to an end and nothing travels but the keys of resources.
 */
export async function readCascaded (
  sql: Sql, tables: Tables, { resource, slice, graph }: { resource: EngineResource, slice: Slice, graph: CascadeGraph }
): Promise<Cascaded[]> {
  const { table, key } = resource
  const isInSlice = (alias: string) => key.among(alias, sliceKeys(tables, key))
  const told = [...graph.children].map(([number, child]) => `
    SELECT ${number}::int AS number, (${child.key.stored('r')})::text AS key
    FROM gone g JOIN ${graph.tables[number]!} r ON r.tableoid = g.part AND r.ctid = g.place
    WHERE g.number = ${number}${number === 0 ? ` AND NOT (${isInSlice('r')})` : ''}`)
  const rows = await sql.query<{ number: number, keys: string[] }>(`
    WITH RECURSIVE gone (number, part, place) AS (
      SELECT 0, t.tableoid, t.ctid FROM ${table} t WHERE ${isInSlice('t')}
      UNION
      SELECT next.number, next.part, next.place
      FROM gone g CROSS JOIN LATERAL (${graph.references.map((reference) => step(graph, reference)).join(' UNION ALL ')}) next
    )
    SELECT number, array_agg(key) AS keys FROM (${told.join(' UNION ALL ')}) found GROUP BY number ORDER BY number`, sliceValues(slice))
  return rows.map(({ number, keys }) => ({ child: graph.children.get(number)!, keys }))
}

/** SQL: the rows that refer by one foreign key to row `g`. */
function step ({ tables }: CascadeGraph, { from, to, columns, referenced }: CascadeReference): string {
  const on = columns.map((column, index) => `c.${quote(column)} = p.${quote(referenced[index]!)}`).join(' AND ')
  return `
        SELECT ${to}::int AS number, c.tableoid AS part, c.ctid AS place FROM ${tables[from]!} p JOIN ${tables[to]!} c ON ${on}
        WHERE g.number = ${from} AND p.tableoid = g.part AND p.ctid = g.place`
}
