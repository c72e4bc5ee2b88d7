import { isDeepStrictEqual } from 'node:util'
import type { AnyEntity } from '@mikro-orm/core'
import type { Tables } from '../../database/tables.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { messageOf } from '../../errors.ts'
import type { RuleContext } from '../../engine/rule.ts'
import { entityChangeWriter } from '../writers/entity-writer.ts'
import { readUnwritten } from '../writers/slices.ts'
import { touchedColumns } from '../writers/touched-columns.ts'
import type { Refusal, Writer } from '../../engine/writer.ts'
import { imageColumns } from './image-column.ts'
import { referrersOf } from './referrers.ts'
import { comparableValues, restoreEntity } from './restore-entity.ts'
import { readImages } from './images.ts'
import { restoreColumns, restoreExactly } from './restore-updates.ts'
import { restoreMembers, restorePivotRows, restoreRecords } from './restore-deletes.ts'

/** The job that is undone, and what it had set. */
export interface UndoSource {
  jobId: string
  set: Record<string, unknown>
  user: RuleContext['user']
}

/** Restores the values that an update has overwritten, in the way in which the resource is updated. */
export function undoUpdateWriter (engine: Pick<Engine, 'tables'>, resource: EngineResource, undone: UndoSource): Writer {
  return resource.writing.update.way === 'entity' ? entityUndoWriter(engine.tables, resource, undone) : setUndoWriter(engine.tables, resource, undone)
}

function setUndoWriter (tables: Tables, resource: EngineResource, { jobId, set }: UndoSource): Writer {
  return {
    fields: Object.keys(set),
    lock: 'NO KEY UPDATE',
    async write ({ sql, em }, slice) {
      const columns = imageColumns(resource, em, set)
      const { columns: touched, assignments } = touchedColumns(resource, em, set)
      const keys = await restoreColumns(sql, tables, resource, slice, { jobId, columns, touched, assignments })
      for (const [index, column] of columns.entries()) {
        if (column.kind === 'members') await restoreMembers(sql, tables, resource, slice, { jobId, count: columns.length, index, pivot: column.pivot, keys })
      }
      if (keys.length === slice.to - slice.from + 1) return { unchanged: [], missing: [], refused: [] }
      // A record that exists and was not restored has been changed since.
      const { unchanged, missing } = await readUnwritten(sql, tables, resource, slice, keys)
      return { unchanged: [], missing, refused: unchanged.map(changedSince) }
    }
  }
}

/** Hooks, subscribers and rules run in an undo as in the update. */
function entityUndoWriter (tables: Tables, resource: EngineResource, { jobId, set, user }: UndoSource): Writer {
  return entityChangeWriter(tables, resource, {
    fields: Object.keys(set),
    user,
    set: {},
    async prepare ({ sql }, em, slice) {
      const columns = imageColumns(resource, em, set)
      const images = new Map((await readImages(sql, tables, resource, slice, { jobId, columns })).map((image) => [image.place, image]))
      const valuesOf = comparableValues(em, resource, columns)
      const held = new Map<AnyEntity, unknown[]>()
      return {
        refused: [...images.values()].filter(({ isChanged }) => isChanged).map(({ place }) => changedSince(place)),
        apply: ({ place, entity }) => {
          const isChanged = restoreEntity(em, resource, columns, images.get(place)!, entity)
          held.set(entity, valuesOf(entity))
          return isChanged
        },
        async finish (changed, written) {
          // A value that a hook has changed stays, as it would have in the update.
          const untouched = (entity: AnyEntity) => valuesOf(entity).map((value, index) => isDeepStrictEqual(value, held.get(entity)![index]))
          const settled: AnyEntity[] = []
          for (const records of Map.groupBy(changed, ({ entity }) => written.has(entity)).values()) {
            const assignments = written.has(records[0]!.entity) ? [] : touchedColumns(resource, em, set).assignments
            const byKey = new Map(records.map(({ place, entity }) => [images.get(place)!.key, entity]))
            const keys = await restoreExactly(sql, tables, resource, slice, {
              jobId, columns, assignments, records: [...byKey].map(([key, entity]) => ({ key, isUntouched: untouched(entity) }))
            })
            settled.push(...keys.map((key) => byKey.get(key)!))
          }
          return settled
        }
      }
    }
  })
}

/**
 * Inserts deleted records again as they were, with their rows in pivot tables. No hook runs: these are not new records.
 */
export function undoDeleteWriter (engine: Pick<Engine, 'orm' | 'entityTables' | 'tables'>, resource: EngineResource, { jobId }: UndoSource): Writer {
  const { tables } = engine
  return {
    fields: [],
    lock: 'UPDATE',
    async write ({ sql }, slice) {
      const records = await restoreRecords(sql, tables, resource, slice, jobId)
      const keys = records.filter(({ is_restored: isRestored }) => isRestored).map(({ key }) => key)
      const { pivots } = await referrersOf(engine, sql, resource)
      for (const pivot of pivots) await restorePivotRows(sql, tables, resource, { jobId, no: slice.no, pivot, keys })
      const refused = records.filter(({ is_restored: isRestored }) => !isRestored).map(({ place, took_others: tookOthers }) => tookOthers ? cascadedWithIt(place) : changedSince(place))
      return { unchanged: [], missing: [], refused }
    }
  }
}

function changedSince (place: number): Refusal {
  return { place, outcome: 'skipped', code: 'changed_since', message: messageOf('changed_since') }
}

function cascadedWithIt (place: number): Refusal {
  return { place, outcome: 'failed', code: 'rule_refused', message: 'other records were deleted or changed with it, and these are not kept' }
}
