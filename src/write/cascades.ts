import { registerLocks } from '../context/descendants.ts'
import { jobContext } from '../context/job-context.ts'
import { quote, type Sql } from '../database/sql.ts'
import type { Engine, EngineResource } from '../engine.ts'
import { problem } from '../errors.ts'
import { readReferrers, type Referrer } from '../preview/sql/read-referrers.ts'
import { findHolders } from '../locks/sql/find-holders.ts'
import { readCascaded } from './sql/read-cascaded.ts'
import type { Slice, WriteTransaction, Writer } from './writer.ts'

/** Foreign keys that are followed one after the other at most. */
const longestPath = 5

/** A resource whose records go when others are deleted, and the foreign keys that lead there, the first one first. */
export interface CascadePath {
  readonly child: EngineResource
  readonly references: readonly Referrer[]
}

/**
 * `ON DELETE CASCADE` knows no locks. So before a slice is deleted, the records of other resources that would go with it
 * are locked for the job like its own; one that another job holds is a reason not to delete.
 */
export function guardCascades (engine: Engine, resource: EngineResource, writer: Writer): Writer {
  let paths: CascadePath[] | undefined
  return {
    fields: writer.fields,
    lock: writer.lock,
    ...(writer.sliceAtMost !== undefined && { sliceAtMost: writer.sliceAtMost }),
    ...(writer.begin !== undefined && { begin: (transaction: WriteTransaction) => writer.begin!(transaction) }),
    async write (transaction, slice) {
      // Kept once they are known: where the connection is lost on the way, the next attempt looks again.
      paths ??= await cascadePaths(engine, resource)
      for (const path of paths) await lockCascaded(engine, resource, transaction, slice, path)
      return writer.write(transaction, slice)
    }
  }
}

async function lockCascaded ({ database, tables }: Engine, resource: EngineResource, { sql }: WriteTransaction, slice: Slice, path: CascadePath): Promise<void> {
  const { child } = path
  const keys = (await readCascaded(sql, tables, resource, slice, path)).sort(child.key.compare)
  if (keys.length === 0) return
  const context = jobContext()
  if (context !== undefined) return registerLocks(context, { lockable: child, keys })
  // A preview is part of no job, and only looks.
  const holders = await findHolders(database, tables, { kind: child.key.kind, root: child.root, keys, except: undefined })
  if (holders.length > 0) throw problem('locked', `${child.name} ${JSON.stringify(child.key.toWire(holders[0]!.key))} is locked by another job`)
}

/** All ways in which a delete spreads to records of resources, through other tables too. */
async function cascadePaths ({ database, resources }: Engine, resource: EngineResource): Promise<CascadePath[]> {
  const byTable = new Map([...resources.values()].filter(({ options }) => options.bulkAsyncConflictChecking).map((child) => [rootTable(child), child]))
  return byTable.size === 0 ? [] : follow(database, byTable, resource.table, [])
}

async function follow (sql: Sql, byTable: ReadonlyMap<string, EngineResource>, table: string, references: readonly Referrer[]): Promise<CascadePath[]> {
  if (references.length === longestPath) return []
  const paths: CascadePath[] = []
  for (const referrer of await readReferrers(sql, table)) {
    if (referrer.action !== 'c' || references.some((known) => known.table === referrer.table)) continue
    const way = [...references, referrer]
    const child = byTable.get(referrer.table)
    if (child !== undefined) paths.push({ child, references: way })
    paths.push(...await follow(sql, byTable, referrer.table, way))
  }
  return paths
}

/** As `readReferrers` names it. */
function rootTable ({ root }: EngineResource): string {
  const dot = root.indexOf('.')
  return `${quote(root.slice(0, dot))}.${quote(root.slice(dot + 1))}`
}
