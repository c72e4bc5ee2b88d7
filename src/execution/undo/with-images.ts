import { quote, quoteText } from '../../database/sql.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import type { Resource } from '../../entities/resource.ts'
import { readColumns } from '../../entities/catalog.ts'
import type { Writer } from '../../engine/writer.ts'
import { imageColumns, currentValueSql } from './image-column.ts'
import { isWithin, referrersOf, refersTo, type Referrers } from './referrers.ts'
import { recordAfterImages, insertBeforeImages } from './images.ts'

/** Wraps a writer so that the values before and after it are stored as images, in the same transaction. */
export function withUpdateImages ({ tables }: Pick<Engine, 'tables'>, resource: EngineResource, writer: Writer, { jobId, set }: { jobId: string, set: Record<string, unknown> }): Writer {
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      const { sql, em } = transaction
      const values = imageColumns(resource, em, set).map((column) => currentValueSql(resource, column))
      await insertBeforeImages(sql, tables, resource, slice, { jobId, values, lock: writer.lock })
      const outcome = await writer.write(transaction, slice, onDone)
      await recordAfterImages(sql, tables, resource, slice, { jobId, values })
      return outcome
    }
  }
}

/** The same for deletes: the whole record, and its rows in pivot tables, as JSON. */
export function withDeleteImages (engine: Pick<Engine, 'orm' | 'entityTables' | 'tables'>, resource: EngineResource, writer: Writer, jobId: string): Writer {
  let document: string | undefined
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      const { sql } = transaction
      document ??= deletedRecordSql(resource, await referrersOf(engine, sql, resource), [...(await readColumns(sql, resource.table)).keys()])
      await insertBeforeImages(sql, engine.tables, resource, slice, { jobId, values: [document], lock: writer.lock })
      return writer.write(transaction, slice, onDone)
    }
  }
}

/**
 * SQL: record `t` as `{ row, pivots, tookOthers }`. The row has each value as text, which round-trips where JSON does not: a
 * document that is null, the bounds of an array, types with a JSON cast of their own. `tookOthers`: other records refer to
 * this one, and what its deletion does to them is not stored.
 */
function deletedRecordSql (resource: Resource, { pivots, others }: Referrers, columns: readonly string[]): string {
  const row = `json_object(ARRAY[${columns.map(quoteText).join(', ')}]::text[], ARRAY[${columns.map((name) => `t.${quote(name)}::text`).join(', ')}]::text[])`
  const members = pivots.map(({ table, references }) =>
    `${quoteText(table)}, (SELECT coalesce(json_agg(row_to_json(p)), '[]') FROM ${table} p WHERE ${references.map((reference) => `(${refersTo(reference, 'p')})`).join(' OR ')})`)
  const tookOthers = others.map((referrer) =>
    `EXISTS (SELECT FROM ${referrer.table} c WHERE ${refersTo(referrer, 'c')}${isWithin(resource, referrer) ? ` AND ${isAnother(resource, 'c')}` : ''})`)
  return `json_build_object(
    'row', ${row}, 'pivots', json_build_object(${members.join(', ')}),
    'tookOthers', ${tookOthers.join(' OR ') || 'false'})::text COLLATE "C"`
}

/** SQL: whether row `alias` is another one than record `t`, which may refer to itself. */
function isAnother ({ key }: Resource, alias: string): string {
  return `NOT (${key.columns.map(({ column }) => `${alias}.${column} = t.${column}`).join(' AND ')})`
}
