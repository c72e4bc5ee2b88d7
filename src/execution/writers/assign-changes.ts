import { wrap, type AnyEntity, type Collection, type EntityMetadata, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { fromJson } from '../../entities/property-value.ts'
import type { WireKey } from '../../entities/record-key.ts'
import type { MemberChange } from './members.ts'

/**
 * Gives an entity the values of a change set as it came in JSON: what its properties hold, references, members.
 * Its to-many fields must be loaded. Returns whether members were added or removed; MikroORM reports all other changes itself.
 */
export function assignChanges (
  entity: AnyEntity, meta: EntityMetadata, em: EntityManager, { set, canonical }: { set: Record<string, unknown>, canonical: ReadonlyMap<string, unknown> }
): boolean {
  let hasNewMembers = false
  for (const [name, value] of Object.entries(set)) {
    const prop = meta.properties[name as never] as EntityProperty
    if (prop.kind === 'm:n') hasNewMembers = assignMembers(entity[name], prop, em, value as MemberChange) || hasNewMembers
    else if (canonical.has(name)) entity[name] = loadedValue(prop, em, canonical.get(name))
    else assignValue(entity, prop, em, value)
  }
  return hasNewMembers
}

/** What an entity holds that was loaded with this value. */
function loadedValue ({ customType }: EntityProperty, em: EntityManager, value: unknown): unknown {
  return customType === undefined ? value : customType.convertToJSValue(value, em.getPlatform())
}

function assignValue (entity: AnyEntity, prop: EntityProperty, em: EntityManager, value: unknown): void {
  const assigned = prop.targetMeta !== undefined && prop.kind !== 'embedded' ? referenceKey(prop.targetMeta, em, value as WireKey | null) : valueOf(prop, em, value)
  if (prop.kind === 'scalar') entity[prop.name] = assigned
  // Members of an embedded object that are left out keep their value, unless it is kept as one document.
  else wrap(entity).assign({ [prop.name]: assigned } as never, { em, mergeEmbeddedProperties: prop.object !== true, updateNestedEntities: false } as never)
}

function valueOf (prop: EntityProperty, em: EntityManager, value: unknown): unknown {
  if (prop.kind !== 'embedded' || value === null) return copied(fromJson(prop, em.getPlatform(), value))
  if (Array.isArray(value)) return value.map((item) => valueOf(prop, em, item))
  const members = prop.embeddedProps as Record<string, EntityProperty>
  return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, valueOf(members[name]!, em, member)]))
}

/** Each entity has its own: a hook may change a document in place. */
function copied (value: unknown): unknown {
  return typeof value === 'object' && value !== null && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)) ? structuredClone(value) : value
}

/** A key as MikroORM takes it: the parts of a composite one in their order. */
function referenceKey (target: EntityMetadata, em: EntityManager, key: WireKey | null): unknown {
  if (key === null) return null
  const parts = target.getPrimaryProps().map((prop) => {
    const part = typeof key === 'object' ? key[prop.name] : key
    return prop.targetMeta === undefined ? fromJson(prop, em.getPlatform(), part) : referenceKey(prop.targetMeta, em, part!)
  })
  return parts.length === 1 ? parts[0] : parts
}

function assignMembers (collection: Collection<object>, prop: EntityProperty, em: EntityManager, change: MemberChange): boolean {
  const target = prop.targetMeta!
  const references = (keys: readonly WireKey[] = []) => [...new Set(keys.map((key) => em.getReference(target.class as never, referenceKey(target, em, key) as never) as object))]
  if ('replace' in change) {
    const wanted = references(change.replace)
    if (isSame(collection.getItems(false), wanted, prop.owner === true && prop.fixedOrder === true)) return false
    collection.set(wanted)
    return true
  }
  const added = references(change.add)
  const missing = added.filter((member) => !collection.contains(member, false))
  const leaving = references(change.remove).filter((member) => collection.contains(member, false) && !added.includes(member))
  collection.remove(leaving)
  collection.add(missing)
  return missing.length + leaving.length > 0
}

function isSame (members: readonly object[], wanted: readonly object[], inOrder: boolean): boolean {
  if (members.length !== wanted.length) return false
  return inOrder ? members.every((member, index) => member === wanted[index]) : wanted.every((member) => members.includes(member))
}
