import type { Tables } from '../../database/tables.ts'
import type { RecordKey } from '../../resources/record-key.ts'
import type { Resource } from '../../resources/resource.ts'
import type { Slice } from '../writer.ts'

/** SQL: the sorted keys of a slice. It takes the parameters $1…$4 of `sliceValues`. */
export function sliceKeys (tables: Tables, { kind }: RecordKey): string {
  return `(SELECT keys[$3::int:$4::int] FROM ${tables.chunkOf[kind]} WHERE selection_id = $1::uuid AND no = $2::int)`
}

export function sliceValues ({ selectionId, no, from, to }: Slice): unknown[] {
  return [selectionId, no, from, to]
}

/** SQL: whether row `alias` is one of the slice's records. */
export function inSlice (tables: Tables, { key, ofClass }: Pick<Resource, 'key' | 'ofClass'>, alias: string): string {
  return `${key.among(alias, sliceKeys(tables, key))}${ofClass(alias)}`
}

/** The same, for statements whose parameters are somebody else's. */
export function literalSliceKeys (tables: Tables, { kind }: RecordKey, { selectionId, no, from, to }: Slice): string {
  return `(SELECT keys[${Number(from)}:${Number(to)}] FROM ${tables.chunkOf[kind]} WHERE selection_id = '${selectionId.replace(/[^0-9a-f-]/gi, '')}'::uuid AND no = ${Number(no)})`
}
