import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { Resource } from '../../entities/resource.ts'
import type { CascadeReference, DeleteSpread } from '../../execution/writers/cascade-graph.ts'
import { cascadedRows, referring } from '../../execution/writers/cascaded-rows.ts'
import { inSlice, sliceValues } from '../../execution/writers/slices.ts'
import type { Slice } from '../../engine/writer.ts'

/** Holds the place of each row deleted with a slice until the transaction ends. */
const seen = 'pg_temp.powercrud_deleted'

/** Creates the table of rows already deleted with earlier slices, so that each is followed and counted once. */
export async function rememberDeleted (sql: Sql, { references }: DeleteSpread): Promise<void> {
  if (worthTraversing(references).length === 0) return
  await sql.query('CREATE TEMPORARY TABLE powercrud_deleted (number int, part oid, place tid, UNIQUE (place, part, number)) ON COMMIT DROP')
}

/**
 * How many records refer to the rows that a delete of a slice would delete, per reference, at any depth. Selected records
 * are not counted; neither do deleted rows restrict the delete or lose a reference.
 *
 * Output: the place of each reference that counts something among those of the spread.
 */
export async function countReferring (
  sql: Sql, tables: Tables, resource: Resource, slice: Slice, { tables: named, references }: DeleteSpread
): Promise<{ reference: number, count: number }[]> {
  const followed = worthTraversing(references)
  const isOther = (row: string, number: number) => number === 0 ? ` AND NOT ${isSelected(tables, resource, row)}` : ''
  const isUnseen = (row: string, number: number) => followed.length === 0 ? '' : ` AND NOT ${isAmong(seen, row, number)}`
  const isNew = (row: string, number: number) => `${isOther(row, number)}${isUnseen(row, number)}`
  const stays = (row: string, number: number) => ` AND NOT ${isAmong('deleted', row, number)}${isUnseen(row, number)}`
  const counted = references.map((reference, index) => `
    SELECT ${index}::int AS reference, count(DISTINCT (met.part, met.place))::int AS count
    FROM deleted d CROSS JOIN LATERAL (
      SELECT c.tableoid AS part, c.ctid AS place
      ${referring(named, reference)}${isOther('c', reference.to)}${reference.effect === 'cascade' ? '' : stays('c', reference.to)}
    ) met`)
  return sql.query<{ reference: number, count: number }>(`
    WITH RECURSIVE ${cascadedRows({ tables: named, references: followed }, `${resource.table} t WHERE ${inSlice(tables, resource, 't')}`, isNew)}
    ${followed.length === 0 ? '' : `, remembered AS (INSERT INTO ${seen} SELECT number, part, place FROM deleted)`}
    SELECT reference, count FROM (${counted.join(' UNION ALL ')}) counted WHERE count > 0`, sliceValues(slice))
}

/** Deleted rows need not be traversed where nothing refers to them. */
function worthTraversing (references: readonly CascadeReference[]): CascadeReference[] {
  return references.filter(({ to, effect }) => effect === 'cascade' &&
    references.some((other) => other.from === to || (other.to === to && other.effect !== 'cascade')))
}

/** SQL: whether row `c` is one of those that are known by their place. */
function isAmong (places: string, row: string, number: number): string {
  return `EXISTS (SELECT FROM ${places} known WHERE known.number = ${number} AND known.part = ${row}.tableoid AND known.place = ${row}.ctid)`
}

/** SQL: whether a row of the resource's own table is anywhere in the selection. */
function isSelected ({ chunkOf }: Tables, { key }: Resource, row: string): string {
  const stored = key.stored(row)
  return `EXISTS (
    SELECT FROM ${chunkOf[key.kind]} chunk WHERE chunk.selection_id = $1::uuid AND chunk.excluded IS NULL
      AND chunk.first <= ${stored} AND chunk.last >= ${stored} AND chunk.keys[width_bucket(${stored}, chunk.keys)] = ${stored})`
}
