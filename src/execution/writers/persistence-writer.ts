import type { EntityManager } from '@mikro-orm/postgresql'
import type { AnyRecordKey } from '../../../schemas/results.ts'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine/engine.ts'
import type { WireKey } from '../../entities/record-key.ts'
import { asRecordError } from './hook-failure.ts'
import { missingPlaces } from './load-slice.ts'
import type { Persistence, PersistenceChunk, PersistenceResult } from '../../engine/persistence.ts'
import { lockSlice, type LockedRecord } from './slices.ts'
import type { SliceOutcome, Writer } from '../../engine/writer.ts'

/** Keys that a chunk of the application's has at most. */
const sliceAtMost = 1_000

export type PersistenceWork = Pick<PersistenceChunk, 'mode' | 'set' | 'user' | 'job'>

/** Lets the application's own class write the records. */
export function persistenceWriter (tables: Tables, resource: EngineResource, work: PersistenceWork): Writer {
  const { persistence: Own, persistenceConfig } = resource.options
  const own: Persistence = new Own!(persistenceConfig as never)
  const lock = work.mode === 'delete' ? 'UPDATE' : 'NO KEY UPDATE'

  return {
    fields: Object.keys(work.set),
    lock,
    sliceAtMost,
    async write (transaction, slice, onDone) {
      const found = await lockSlice(transaction.sql, tables, resource, slice, lock)
      const missing = missingPlaces(slice, found)
      if (found.length === 0) return { unchanged: [], missing, refused: [] }
      const em = transaction.em.fork({ clear: true, keepTransactionContext: true }) as EntityManager
      const progress = (doneCount: number) => onDone?.(found[Math.min(Math.max(Math.trunc(doneCount), 1), found.length) - 1]!.place)
      try {
        const result = await own.writeChunk({ em, ...work, resource: resource.name, keys: found.map(({ key }) => resource.key.toWire(key)), progress })
        await em.flush()
        return outcomeOf(resource, found, missing, result ?? {})
      } catch (error) {
        throw asRecordError(error)
      }
    }
  }
}

function outcomeOf ({ key }: EngineResource, found: readonly LockedRecord[], missing: number[], { unchanged = [], refused = [] }: PersistenceResult): SliceOutcome {
  const places = new Map(found.map((record) => [record.key, record.place]))
  const placeOf = (given: AnyRecordKey): number[] => {
    const place = places.get(key.fromWire(given as WireKey))
    return place === undefined ? [] : [place]
  }
  const refusals = refused.flatMap(({ key, message, field }) => placeOf(key).map((place) => (
    { place, outcome: 'failed' as const, code: 'rule_refused' as const, message, ...(field !== undefined && { field }) })))
  const refusedPlaces = new Set(refusals.map(({ place }) => place))
  return { unchanged: [...new Set(unchanged.flatMap(placeOf))].filter((place) => !refusedPlaces.has(place)), missing, refused: refusals }
}
