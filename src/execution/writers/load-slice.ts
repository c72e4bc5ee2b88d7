import { raw, type AnyEntity, type EntityMetadata, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Tables } from '../../database/tables.ts'
import { engineError } from '../../errors.ts'
import type { Resource } from '../../entities/resource.ts'
import { literalKeys, literalSliceKeys, lockAncestors, lockSlice } from './slices.ts'
import type { RowLock, Slice, WriteTransaction } from '../../engine/writer.ts'

/** A record of a slice, loaded. */
export interface LoadedRecord {
  /** Place within the chunk. */
  place: number
  entity: AnyEntity
}

/**
 * Locks the records of a slice in the order of their key, and loads those that are there, in that order.
 * @param populate the relations that are loaded with them
 */
export async function loadSlice (
  { sql }: WriteTransaction, em: EntityManager, tables: Tables, resource: Resource, slice: Slice,
  { lock, populate }: { lock: RowLock, populate: readonly string[] }
): Promise<LoadedRecord[]> {
  const { entity, meta, key } = resource
  const locked = await lockSlice(sql, tables, resource, slice, lock)
  if (locked.length === 0) return []
  for (const ancestor of ancestorsOf(meta)) await lockAncestors(sql, tables, { resource, ancestor, slice, lock })
  // A record that appears after the lock is none of those that were locked.
  const isWhole = locked.length === slice.to - slice.from + 1
  const keys = isWhole ? literalSliceKeys(tables, key, slice) : literalKeys(key, locked.map((record) => record.key))
  // What a filter would hide was let in, or not, when the selection was frozen.
  const entities = await em.find(entity, { [raw((alias: string) => key.among(`"${alias}"`, keys))]: [] } as never, {
    filters: false,
    populate: populate as never,
    strategy: 'select-in',
    orderBy: orderBy(meta.getPrimaryProps()) as never
  }) as AnyEntity[]
  // Both have one order, and a locked record cannot be deleted.
  if (entities.length !== locked.length) throw engineError('records_out_of_step', `${locked.length} records of ${resource.name} are locked, ${entities.length} were loaded`)
  return entities.map((loaded, index) => ({ place: locked[index]!.place, entity: loaded }))
}

/** The entities whose tables have a record's inherited columns, where each class has a table of its own. */
function ancestorsOf ({ tptParent }: EntityMetadata): EntityMetadata[] {
  return tptParent === undefined ? [] : [tptParent, ...ancestorsOf(tptParent)]
}

function orderBy (props: readonly EntityProperty[]): object {
  return Object.fromEntries(props.map((prop) => [prop.name, prop.targetMeta === undefined ? 'asc' : orderBy(prop.targetMeta.getPrimaryProps())]))
}

/** The places of a slice at which nothing was found. */
export function missingPlaces ({ from, to }: Slice, found: readonly { place: number }[]): number[] {
  const present = new Set(found.map(({ place }) => place))
  return Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((place) => !present.has(place))
}
