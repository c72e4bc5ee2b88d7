import type { Tables } from '../database/tables.ts'
import { columnsOf } from '../change-set/columns.ts'
import type { Resource } from '../resources/resource.ts'
import { deleteSlice } from './sql/delete-slice.ts'
import { readUnwritten } from './sql/read-unwritten.ts'
import { updateSlice } from './sql/update-slice.ts'
import { touchedColumns } from './touched-columns.ts'
import type { Slice, SliceOutcome, WriteTransaction, Writer } from './writer.ts'

/** Updates in one statement per slice. For entities on which nothing must run per record. */
export function setUpdateWriter (tables: Tables, resource: Resource, set: Record<string, unknown>): Writer {
  return {
    fields: Object.keys(set),
    lock: 'NO KEY UPDATE',
    async write (transaction, slice) {
      const columns = columnsOf(resource.meta, transaction.em, set)
      const touched = touchedColumns(resource.meta, transaction.em, set)
      const change = { columns, touched: touched.columns, assignments: touched.assignments }
      return outcomeOf(tables, resource, transaction, slice, await updateSlice(transaction.sql, tables, resource, slice, change))
    }
  }
}

/** Deletes in one statement per slice. */
export function setDeleteWriter (tables: Tables, resource: Resource): Writer {
  return {
    fields: [],
    lock: 'UPDATE',
    async write (transaction, slice) {
      return outcomeOf(tables, resource, transaction, slice, await deleteSlice(transaction.sql, tables, resource, slice))
    }
  }
}

async function outcomeOf (
  tables: Tables, resource: Resource, { sql }: WriteTransaction, slice: Slice, { written, keys }: { written: number, keys: string[] | null }
): Promise<SliceOutcome> {
  if (written === slice.to - slice.from + 1) return { unchanged: [], missing: [], refused: [] }
  return { ...await readUnwritten(sql, tables, resource, slice, keys ?? []), refused: [] }
}
