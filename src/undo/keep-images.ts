import type { Engine, EngineResource } from '../engine.ts'
import type { Writer } from '../write/writer.ts'
import { imageColumns, valueNow } from './image-column.ts'
import { referrersOf, refersTo, type Referrers } from './referrers.ts'
import { keepAfter } from './sql/keep-after.ts'
import { keepBefore } from './sql/keep-before.ts'

/** Lets a writer write as it does, and keeps what the records were before and are afterwards, in the same transaction. */
export function keepUpdateImages ({ tables }: Engine, resource: EngineResource, writer: Writer, { jobId, set }: { jobId: string, set: Record<string, unknown> }): Writer {
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      const { sql, em } = transaction
      const values = imageColumns(resource, em, set).map((column) => valueNow(resource, column))
      await keepBefore(sql, tables, resource, slice, { jobId, values, lock: writer.lock })
      const outcome = await writer.write(transaction, slice, onDone)
      await keepAfter(sql, tables, resource, slice, { jobId, values })
      return outcome
    }
  }
}

/** The same for deletes: the whole record, and its rows in pivot tables, as JSON. */
export function keepDeleteImages (engine: Engine, resource: EngineResource, writer: Writer, jobId: string): Writer {
  let document: string | undefined
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      const { sql } = transaction
      document ??= documentNow(await referrersOf(engine, sql, resource))
      await keepBefore(sql, engine.tables, resource, slice, { jobId, values: [document], lock: writer.lock })
      return writer.write(transaction, slice, onDone)
    }
  }
}

/**
 * SQL: record `t` as `{ row, pivots, tookOthers }`. The last says that other records refer to it: whatever becomes of
 * them when it is deleted, is not kept.
 */
function documentNow ({ pivots, others }: Referrers): string {
  const members = pivots.map(({ table, references }) =>
    `${literal(table)}, (SELECT coalesce(json_agg(row_to_json(p)), '[]') FROM ${table} p WHERE ${references.map((reference) => `(${refersTo(reference, 'p')})`).join(' OR ')})`)
  const tookOthers = others.map((referrer) => `EXISTS (SELECT FROM ${referrer.table} c WHERE ${refersTo(referrer, 'c')})`)
  return `json_build_object('row', row_to_json(t), 'pivots', json_build_object(${members.join(', ')}), 'tookOthers', ${tookOthers.join(' OR ') || 'false'})::text COLLATE "C"`
}

function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
