import { registerLocks } from '../../jobs/locks/descendants.ts'
import { jobContext } from '../../jobs/context/job-context.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { findHolders } from '../../jobs/locks/conflicts.ts'
import { cascadeGraph, type CascadeGraph } from './cascade-graph.ts'
import { lockSliceForDelete } from './slices.ts'
import { lockCascadePaths, readCascaded } from './cascaded-rows.ts'
import type { Slice, WriteTransaction, Writer } from '../../engine/writer.ts'

type CascadeEngine = Pick<Engine, 'database' | 'tables' | 'orm' | 'entityTables' | 'resources'>

/**
 * `ON DELETE CASCADE` knows no locks. So before a slice is deleted, the records of other resources that would go with it
 * are locked for the job like its own; one that another job holds is a reason not to delete.
 */
export function guardCascades (engine: CascadeEngine, resource: EngineResource, writer: Writer): Writer {
  let graph: CascadeGraph | undefined
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      // Kept once it is known: where the connection is lost on the way, the next attempt looks again.
      graph ??= await cascadeGraph(engine, resource)
      await lockCascaded(engine, resource, transaction, slice, graph)
      return writer.write(transaction, slice, onDone)
    }
  }
}

async function lockCascaded ({ database, tables }: CascadeEngine, resource: EngineResource, { sql }: WriteTransaction, slice: Slice, graph: CascadeGraph): Promise<void> {
  if (graph.references.length === 0) return
  // Otherwise a record that another job has locked could come to refer to one of these before they are deleted.
  await lockSliceForDelete(sql, tables, resource, slice)
  await lockCascadePaths(sql, tables, { resource, slice, graph })
  const cascaded = await readCascaded(sql, tables, { resource, slice, graph })
  const context = jobContext()
  for (const { child, keys } of cascaded) {
    keys.sort(child.key.compare)
    if (context !== undefined) {
      await registerLocks(context, { lockable: child, keys })
      continue
    }
    // A preview is part of no job, and only looks.
    const holders = await findHolders(database, tables, { kind: child.key.kind, root: child.root, keys, except: undefined })
    if (holders.length > 0) throw problem('locked', `${child.name} ${JSON.stringify(child.key.toWire(holders[0]!.key))} is locked by another job`)
  }
}
