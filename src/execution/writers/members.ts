import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { castTo, knownType } from '../../entities/column-type.ts'
import { quote } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { WireKey } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'
import { addMembers, removeDisordered, removeMembers } from './member-rows.ts'
import type { Slice, WriteTransaction } from '../../engine/writer.ts'

/** The pivot table behind a to-many field. Names are quoted. */
export interface Pivot {
  table: string
  /** Columns that refer to the record, in the order of its key. */
  own: readonly string[]
  /** Columns that refer to the member, in the order of its key. */
  inverse: readonly string[]
  /** The cast that makes a part of a member's key of text. */
  casts: readonly string[]
  /** The column that the members are ordered by, where their order is kept. */
  order: string | undefined
}

/** What is to become of a to-many field, as it came in JSON. */
export type MemberChange = { add?: WireKey[], remove?: WireKey[] } | { replace: WireKey[] }

/** Whether a field of a change set is a to-many one. */
export function isToMany (prop: EntityProperty): boolean {
  return prop.kind === 'm:n'
}

/**
 * Changes who belongs to the records of a slice. Neither the version of a record nor its `onUpdate` properties move by
 * that alone, as when MikroORM flushes it.
 * Resolves to the stored keys of the records whose members have changed.
 */
export async function changeMembers (
  { sql, em }: WriteTransaction, tables: Tables, resource: Resource, slice: Slice, prop: EntityProperty, change: MemberChange
): Promise<Set<string>> {
  const pivot = pivotOf(resource, prop, em)
  const changed = new Set<string>()
  const note = (keys: readonly string[]) => { for (const key of keys) changed.add(key) }
  const at = { resource, slice, pivot }
  if ('replace' in change) {
    const members = membersOf(prop, change.replace)
    note(await removeMembers(sql, tables, at, { members, others: true }))
    note(await addMembers(sql, tables, at, members))
    if (pivot.order === undefined || members.length < 2) return changed
    note(await removeDisordered(sql, tables, at, members))
    await addMembers(sql, tables, at, members)
    return changed
  }
  const added = membersOf(prop, change.add ?? [])
  const texts = new Set(added.map(textOfMember))
  const removed = membersOf(prop, change.remove ?? []).filter((member) => !texts.has(textOfMember(member)))
  if (removed.length > 0) note(await removeMembers(sql, tables, at, { members: removed, others: false }))
  if (added.length > 0) note(await addMembers(sql, tables, at, added))
  return changed
}

/** The pivot table of a to-many field, seen from the side of the field. */
export function pivotOf ({ entityTables }: Resource, prop: EntityProperty, em: EntityManager): Pivot {
  const meta = em.getMetadata().get(prop.pivotEntity) as EntityMetadata
  // Only the owning side keeps an order.
  const order = prop.owner && prop.fixedOrder ? meta.properties[prop.fixedOrderColumn as never] as EntityProperty : undefined
  return {
    table: entityTables.of(meta).quoted,
    own: prop.joinColumns.map(quote),
    inverse: prop.inverseJoinColumns.map(quote),
    casts: prop.targetMeta!.getPrimaryProps().flatMap(({ columnTypes }) => columnTypes).map((type) => castTo(knownType(type))),
    order: order && quote(order.fieldNames[0]!)
  }
}

/** The parts of the members' keys as text; one that is given twice counts once. */
function membersOf (prop: EntityProperty, keys: readonly WireKey[]): string[][] {
  const parts = prop.targetMeta!.getPrimaryProps()
  const textOf = (part: EntityProperty, value: unknown) => part.columnTypes[0] === 'uuid' ? String(value).toLowerCase() : String(value)
  const members = keys.map((key) => parts.map((part) => textOf(part, typeof key === 'object' ? key[part.name] : key)))
  return [...new Map(members.map((member) => [textOfMember(member), member])).values()]
}

/** The same for the same member only, whatever is in the parts of its key. */
function textOfMember (member: readonly string[]): string {
  return JSON.stringify(member)
}
