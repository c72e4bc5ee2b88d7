import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { chunkSize } from '../selection/freeze.ts'
import type { LockSet } from './conflict-set.ts'
import { freezeLocks } from './lock-chunks.ts'

/** Adds records to a selection, in chunks behind those that it has. Whoever calls this has the root's advisory lock. */
export async function freezeLockSet (sql: Sql, tables: Tables, selectionId: string, { lockable: { root, key: { kind } }, keys }: LockSet): Promise<void> {
  for (let start = 0; start < keys.length; start += chunkSize) {
    await freezeLocks(sql, tables, { kind, root, selectionId, keys: keys.slice(start, start + chunkSize) })
  }
}
