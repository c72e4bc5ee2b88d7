// The rows that a delete cascades to.

import { quote, type Sql } from '../../database/sql.ts'
import type { CascadeReference, DeleteSpread, CascadeGraph } from './cascade-graph.ts'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine/engine.ts'
import type { Slice } from '../../engine/writer.ts'
import { inSlice, sliceKeys, sliceValues } from './slices.ts'

/**
 * SQL: the recursive query `deleted (number, part, place)` of the rows that are deleted and those that the delete cascades
 * to, by the number of their table and their place in it, each once: so cycles end, and no key leaves the database.
 *
 * @param start SQL after FROM: the rows `t` that are deleted
 * @param goesOn SQL: whether row `row`, of the table with this number, belongs to the result
 */
export function cascadedRows (
  { tables, references }: Pick<DeleteSpread, 'tables' | 'references'>, start: string, goesOn: (row: string, number: number) => string = () => ''
): string {
  const steps = references.map((reference) => step(tables, reference, goesOn('c', reference.to)))
  const following = `
      UNION
      SELECT next.number, next.part, next.place
      FROM deleted d CROSS JOIN LATERAL (${steps.join(' UNION ALL ')}) next`
  return `deleted (number, part, place) AS (
      SELECT 0, t.tableoid, t.ctid FROM ${start}${steps.length === 0 ? '' : following}
    )`
}

/** SQL: the rows that refer by one foreign key to row `d`. */
function step (tables: readonly string[], reference: CascadeReference, goesOn: string): string {
  return `
        SELECT ${reference.to}::int AS number, c.tableoid AS part, c.ctid AS place ${referring(tables, reference)}${goesOn}`
}

/** SQL: FROM … WHERE of the rows `c` that refer by one foreign key to row `d` of those that are deleted. */
export function referring (tables: readonly string[], { from, to, target, columns, referenced }: CascadeReference): string {
  const on = columns.map((column, index) => `c.${quote(column)} = p.${quote(referenced[index]!)}`).join(' AND ')
  return `FROM ${target ?? tables[from]!} p JOIN ${tables[to]!} c ON ${on}
        WHERE d.number = ${from} AND p.tableoid = d.part AND p.ctid = d.place`
}

export interface Cascaded {
  child: EngineResource
  /** Stored, in no order, each once. */
  keys: string[]
}

/**
 * Reads the records of other resources that a delete of a slice would cascade to.
 *
 * Input: the slice, the graph of cascades. Output: the stored keys, by resource.
 */
export async function readCascaded (
  sql: Sql, tables: Tables, { resource, slice, graph }: { resource: EngineResource, slice: Slice, graph: CascadeGraph }
): Promise<Cascaded[]> {
  const keysOfChildren = [...graph.children].map(([number, child]) => `
    SELECT ${number}::int AS number, (${child.key.stored('r')})::text AS key
    FROM deleted d JOIN ${graph.tables[number]!} r ON r.tableoid = d.part AND r.ctid = d.place
    WHERE d.number = ${number}${child.root === resource.root ? ` AND NOT (${child.key.among('r', sliceKeys(tables, resource.key))})` : ''}`)
  const rows = await sql.query<{ number: number, keys: string[] }>(`
    WITH RECURSIVE ${cascadedRows(graph, `${resource.table} t WHERE ${inSlice(tables, resource, 't')}`)}
    SELECT number, array_agg(key) AS keys FROM (${keysOfChildren.join(' UNION ALL ')}) found GROUP BY number ORDER BY number`, sliceValues(slice))
  return rows.map(({ number, keys }) => ({ child: graph.children.get(number)!, keys }))
}

/**
 * Locks the rows through which a delete of a slice would reach other records, at any depth, so that no further record can
 * refer to them. Rows from which no further cascade leads to a resource need no lock. Repeated until a statement finds no
 * new row: rows may be added while the first ones are being locked.
 *
 * Input: the slice, the graph of cascades. No output.
 */
export async function lockCascadePaths (
  sql: Sql, tables: Tables, { resource, slice, graph }: { resource: EngineResource, slice: Slice, graph: CascadeGraph }
): Promise<void> {
  const reached = new Set(graph.references.map(({ to }) => to))
  const inBetween = [...new Set(graph.references.map(({ from }) => from))].filter((number) => reached.has(number))
  if (inBetween.length === 0) return
  const deleted = cascadedRows(graph, `${resource.table} t WHERE ${inSlice(tables, resource, 't')}`)
  const locked = new Set<string>()
  for (let isFirst = true, isComplete = false; isFirst || !isComplete; isFirst = false) {
    isComplete = true
    for (const number of inBetween) {
      const rows = await sql.query<{ place: string }>(`
        WITH RECURSIVE ${deleted}
        SELECT r.tableoid::text || r.ctid::text AS place
        FROM deleted d JOIN ${graph.tables[number]!} r ON r.tableoid = d.part AND r.ctid = d.place
        WHERE d.number = ${number} FOR UPDATE OF r`, sliceValues(slice))
      for (const { place } of rows) {
        if (locked.has(place)) continue
        locked.add(place)
        isComplete = false
      }
    }
  }
}
