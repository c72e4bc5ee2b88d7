import type { EntityProperty } from '@mikro-orm/core'
import type { Tables } from '../../database/tables.ts'
import { columnsOf } from '../../entities/columns.ts'
import type { Resource } from '../../entities/resource.ts'
import { changeMembers, isToMany, type MemberChange } from './members.ts'
import { deleteSlice, updateSlice } from './set-statements.ts'
import { readUnwritten } from './slices.ts'
import { touchedColumns } from './touched-columns.ts'
import type { Slice, SliceOutcome, WriteTransaction, Writer } from '../../engine/writer.ts'

/** Updates in one statement per slice. For entities on which nothing must run per record. */
export function setUpdateWriter (tables: Tables, resource: Resource, set: Record<string, unknown>): Writer {
  return {
    fields: Object.keys(set),
    lock: 'NO KEY UPDATE',
    async write (transaction, slice) {
      const columns = columnsOf(resource, transaction.em, set)
      const touched = touchedColumns(resource, transaction.em, set)
      const change = { columns, touched: touched.columns, assignments: touched.assignments }
      const update = columns.length === 0
        ? { written: 0, keys: [] }
        : await updateSlice(transaction.sql, tables, resource, slice, change)
      return outcomeOf(tables, resource, transaction, slice, await withMembers(transaction, tables, resource, slice, set, update))
    }
  }
}

/** Changes the to-many fields of a slice; a record is written where its columns or its members have changed. */
async function withMembers (
  transaction: WriteTransaction, tables: Tables, resource: Resource, slice: Slice, set: Record<string, unknown>,
  update: { written: number, keys: string[] | null }
): Promise<{ written: number, keys: string[] | null }> {
  const keys = new Set(update.keys)
  for (const [field, change] of Object.entries(set)) {
    const prop = resource.meta.properties[field as never] as EntityProperty
    if (!isToMany(prop)) continue
    for (const key of await changeMembers(transaction, tables, resource, slice, prop, change as MemberChange)) keys.add(key)
  }
  return update.written === slice.to - slice.from + 1 ? update : { written: keys.size, keys: [...keys] }
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
