import { quote } from '../../database/sql.ts'
import type { CascadeReference, Spread } from '../cascade-graph.ts'

/**
 * SQL: the recursive query `gone (number, part, place)`, which has the rows that a delete takes along, and those that it
 * starts from, by their table's number and their place in it, each once: so circles come to an end, and nothing travels.
 *
 * @param start SQL after FROM: the rows `t` that are deleted
 * @param goesOn SQL: whether row `next` is to be taken up, of the table with this number and this name
 */
export function goneRows (
  { tables, references }: Pick<Spread, 'tables' | 'references'>, start: string, goesOn: (row: string, number: number) => string = () => ''
): string {
  const steps = references.map((reference) => step(tables, reference, goesOn('c', reference.to)))
  const following = `
      UNION
      SELECT next.number, next.part, next.place
      FROM gone g CROSS JOIN LATERAL (${steps.join(' UNION ALL ')}) next`
  return `gone (number, part, place) AS (
      SELECT 0, t.tableoid, t.ctid FROM ${start}${steps.length === 0 ? '' : following}
    )`
}

/** SQL: the rows that refer by one foreign key to row `g`. */
function step (tables: readonly string[], reference: CascadeReference, goesOn: string): string {
  return `
        SELECT ${reference.to}::int AS number, c.tableoid AS part, c.ctid AS place ${referring(tables, reference)}${goesOn}`
}

/** SQL: FROM … WHERE of the rows `c` that refer by one foreign key to row `g` of those that are gone. */
export function referring (tables: readonly string[], { from, to, columns, referenced }: CascadeReference): string {
  const on = columns.map((column, index) => `c.${quote(column)} = p.${quote(referenced[index]!)}`).join(' AND ')
  return `FROM ${tables[from]!} p JOIN ${tables[to]!} c ON ${on}
        WHERE g.number = ${from} AND p.tableoid = g.part AND p.ctid = g.place`
}
