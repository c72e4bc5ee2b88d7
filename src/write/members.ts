import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'
import type { Tables } from '../database/tables.ts'
import type { WireKey } from '../resources/record-key.ts'
import { qualified, type Resource } from '../resources/resource.ts'
import { addMembers, removeMembers } from './sql/change-members.ts'
import type { Slice, WriteTransaction } from './writer.ts'

/** The pivot table behind a to-many field, quoted. */
export interface Members {
  pivot: string
  /** Columns that refer to the record, in the order of its key. */
  own: string[]
  /** Columns that refer to the member, in the order of its key, and their types. */
  inverse: string[]
  types: string[]
}

/** What is to become of a to-many field, as it came in JSON. */
export type MemberChange = { add?: WireKey[], remove?: WireKey[] } | { replace: WireKey[] }

/** Whether a field of a change set is a to-many one. */
export function isToMany (prop: EntityProperty): boolean {
  return prop.kind === 'm:n'
}

/**
 * Changes who belongs to the records of a slice. The version of a record is not touched by it, as in MikroORM.
 * Resolves to the keys of the records whose members have changed.
 */
export async function changeMembers (
  { sql }: WriteTransaction, tables: Tables, resource: Resource, slice: Slice, prop: EntityProperty, change: MemberChange
): Promise<Set<string>> {
  const members = membersOf(prop)
  const parts = (keys: readonly WireKey[]) => keys.map((key) => partsOf(prop.targetMeta!, key))
  const changed = new Set<string>()
  const note = (keys: readonly string[]) => { for (const key of keys) changed.add(key) }
  if ('replace' in change) {
    note(await removeMembers(sql, tables, resource, slice, members, parts(change.replace), { others: true }))
    note(await addMembers(sql, tables, resource, slice, members, parts(change.replace)))
    return changed
  }
  if (change.remove?.length) note(await removeMembers(sql, tables, resource, slice, members, parts(change.remove), { others: false }))
  if (change.add?.length) note(await addMembers(sql, tables, resource, slice, members, parts(change.add)))
  return changed
}

function membersOf (prop: EntityProperty): Members {
  const target = prop.targetMeta!
  const pivot = (prop.pivotEntity as unknown as { meta?: EntityMetadata } | undefined)?.meta
  return {
    pivot: pivot === undefined ? prop.pivotTable.split('.').map(quote).join('.') : qualified(pivot),
    own: prop.joinColumns.map(quote),
    inverse: prop.inverseJoinColumns.map(quote),
    types: target.getPrimaryProps().flatMap(({ columnTypes }) => columnTypes)
  }
}

function partsOf (target: EntityMetadata, key: WireKey): unknown[] {
  return typeof key === 'object' ? (target.primaryKeys as string[]).map((name) => key[name]) : [key]
}
