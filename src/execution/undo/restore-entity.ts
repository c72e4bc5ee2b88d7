import { helper, wrap, type AnyEntity, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { recordKeyOf } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'
import { assignChanges } from '../writers/assign-changes.ts'
import type { Image } from './images.ts'
import type { ImageColumn } from './image-column.ts'

/**
 * Gives a loaded entity the values back that an image has. MikroORM itself makes them of what was read, in another
 * entity that is used for nothing else.
 * Returns whether members were added or removed; MikroORM reports all other changes.
 */
export function restoreEntity (em: EntityManager, resource: Resource, columns: readonly ImageColumn[], { key, values }: Image, entity: AnyEntity): boolean {
  const { meta } = resource
  const held = columns.filter((column, index) => isRepresentable(column, values[`v${index}`]))
  const before = entityFromImage(em, resource, held.map((column) => [column, values[`v${columns.indexOf(column)}`]]), key)
  for (const property of new Set(held.flatMap((column) => column.kind === 'column' ? [column.property] : []))) {
    restoreProperty(em, meta.properties[property as never] as EntityProperty, before, entity)
  }
  const members = columns.flatMap((column, index) => column.kind === 'members' ? [[column.property, membersOf(meta.properties[column.property as never] as EntityProperty, values[`v${index}`])] as const] : [])
  return assignChanges(entity, meta, em, { set: Object.fromEntries(members), canonical: new Map() })
}

/**
 * What an entity holds of each value of an image, as MikroORM would write it: to see whether it is still what it was
 * given. Of members there is nothing to see.
 */
export function comparableValues (em: EntityManager, { meta }: Resource, columns: readonly ImageColumn[]): (entity: AnyEntity) => unknown[] {
  const comparator = em.getComparator()
  const members = columns.map((column) => column.kind === 'column' ? propertiesOf(meta.properties[column.property as never] as EntityProperty) : [])
  return (entity) => {
    const held = comparator.prepareEntity(entity) as Record<string, unknown>
    return members.map((names) => structuredClone(names.map((name) => held[name])))
  }
}

/** The parts of an embedded object that has columns of its own are properties by themselves. */
function propertiesOf (prop: EntityProperty): string[] {
  const isInline = prop.kind === 'embedded' && prop.object !== true
  return isInline ? Object.values(prop.embeddedProps as Record<string, EntityProperty>).flatMap(propertiesOf) : [prop.name]
}

/** MikroORM knows no instant without end, and no number that is none; these are given back in SQL alone. */
function isRepresentable (column: ImageColumn, value: unknown): boolean {
  if (column.kind === 'members') return true
  if (typeof value === 'number') return Number.isFinite(value)
  return !(/^(date|timestamp)/.test(column.type) && /^-?infinity$/.test(String(value)))
}

/** An entity with the key and the values of an image, in an EntityManager of its own. */
function entityFromImage (em: EntityManager, { entity, key }: Resource, values: readonly (readonly [ImageColumn, unknown])[], stored: string): AnyEntity {
  const parts = key.composite ? JSON.parse(stored) as unknown[] : [key.toWire(stored)]
  const row = [
    ...key.columns.map(({ column }, index) => [unquoted(column), parts[index]]),
    ...values.flatMap(([column, value]) => column.kind === 'column' ? [[unquoted(column.column), value]] : [])
  ]
  return em.fork({ clear: true }).map(entity, Object.fromEntries(row)) as AnyEntity
}

function restoreProperty (em: EntityManager, prop: EntityProperty, before: AnyEntity, entity: AnyEntity): void {
  const value = before[prop.name] ?? null
  if (prop.kind === 'scalar') entity[prop.name] = value
  else if (prop.kind === 'embedded') wrap(entity).assign({ [prop.name]: definedMembers(value) } as never, { em, mergeEmbeddedProperties: prop.object !== true } as never)
  else wrap(entity).assign({ [prop.name]: value === null ? null : keyOf(value) } as never, { em, updateNestedEntities: false } as never)
}

/** As MikroORM takes it for a reference: as an object it would be a new record. */
function keyOf (reference: AnyEntity): unknown {
  const parts = helper(reference).getPrimaryKeys()!
  return parts.length === 1 ? parts[0] : parts
}

/** The members of an embedded object that the image has: the others stay as they are. */
function definedMembers (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}

function membersOf (prop: EntityProperty, members: unknown): { replace: ReturnType<ReturnType<typeof recordKeyOf>['toWire']>[] } {
  const key = recordKeyOf(prop.targetMeta!)
  const stored = (parts: string[]) => key.composite
    ? JSON.stringify(parts.map((part, index) => key.columns[index]!.kind === 'int4' ? Number(part) : part))
    : parts[0]!
  return { replace: (members as string[][]).map((parts) => key.toWire(stored(parts))) }
}

function unquoted (column: string): string {
  return column.slice(1, -1).replaceAll('""', '"')
}
