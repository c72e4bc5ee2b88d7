import { helper, wrap, type AnyEntity, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { recordKeyOf } from '../resources/record-key.ts'
import type { Resource } from '../resources/resource.ts'
import { assignChanges } from '../write/assign.ts'
import type { Image } from './sql/read-images.ts'
import type { ImageColumn } from './image-column.ts'

/**
 * Gives a loaded entity the values back that an image has. MikroORM itself makes them of what was read, in another
 * entity that nobody gets to see.
 * Answers whether a member came or went; MikroORM tells the rest.
 */
export function restoreEntity (em: EntityManager, resource: Resource, columns: readonly ImageColumn[], { key, values }: Image, entity: AnyEntity): boolean {
  const { meta } = resource
  const before = readBack(em, resource, columns, key, values)
  for (const property of new Set(columns.flatMap((column) => column.kind === 'column' ? [column.property] : []))) {
    restoreProperty(em, meta.properties[property as never] as EntityProperty, before, entity)
  }
  const members = columns.flatMap((column, index) => column.kind === 'members' ? [[column.property, membersOf(meta.properties[column.property as never] as EntityProperty, values[`v${index}`])] as const] : [])
  return assignChanges(entity, meta, em, { set: Object.fromEntries(members), canonical: new Map() })
}

/** An entity with the key and the values of an image, in an EntityManager of its own. */
function readBack (em: EntityManager, { entity, key }: Resource, columns: readonly ImageColumn[], stored: string, values: Image['values']): AnyEntity {
  const parts = key.composite ? JSON.parse(stored) as unknown[] : [key.toWire(stored)]
  const row = [
    ...key.columns.map(({ column }, index) => [unquoted(column), parts[index]]),
    ...columns.flatMap((column, index) => column.kind === 'column' ? [[unquoted(column.column), values[`v${index}`]]] : [])
  ]
  return em.fork({ clear: true }).map(entity, Object.fromEntries(row)) as AnyEntity
}

function restoreProperty (em: EntityManager, prop: EntityProperty, before: AnyEntity, entity: AnyEntity): void {
  const value = before[prop.name] ?? null
  if (prop.kind === 'scalar') entity[prop.name] = value
  else if (prop.kind === 'embedded') wrap(entity).assign({ [prop.name]: given(value) } as never, { em, mergeEmbeddedProperties: prop.object !== true } as never)
  else wrap(entity).assign({ [prop.name]: value === null ? null : keyOf(value) } as never, { em, updateNestedEntities: false } as never)
}

/** As MikroORM takes it for a reference: as an object it would be a new record. */
function keyOf (reference: AnyEntity): unknown {
  const parts = helper(reference).getPrimaryKeys()!
  return parts.length === 1 ? parts[0] : parts
}

/** The members of an embedded object that the image has: the others stay as they are. */
function given (value: unknown): unknown {
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
