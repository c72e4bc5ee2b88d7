import type { Sql } from '../../database/sql.ts'
import { lockName } from './lock-name.ts'

/** What the advisory lock of a root is made from. */
export function rootLock (schema: string, root: string): string {
  return `powercrud ${schema} ${root}`
}

/**
 * Lets one launch at a time look for conflicts on a root table, until its transaction ends. Several roots are taken in
 * ascending order, so two launches never wait for each other. Other launches are through in no time; ordinary
 * transactions may share a root (`shareRoot`) for as long as they last.
 * @throws unavailable when an ordinary transaction shares the root for too long
 */
export async function lockRoots (sql: Sql, schema: string, roots: readonly string[]): Promise<void> {
  for (const root of [...new Set(roots)].sort()) {
    await lockName(sql, rootLock(schema, root), 'another transaction keeps these records from being locked')
  }
}
