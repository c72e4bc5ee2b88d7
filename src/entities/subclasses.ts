import type { EntityMetadata } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'

/** The classes that a record of an entity can have: its own, and all subclasses. */
export function subclassesOf (meta: EntityMetadata, all: Iterable<EntityMetadata>): EntityMetadata[] {
  const root = meta.root as EntityMetadata
  const family = [...all].filter((other) => other.root === root)
  const subclasses = [meta]
  for (const parent of subclasses) {
    subclasses.push(...family.filter((other) => other.extends !== undefined && !subclasses.includes(other) && isSuperclass(parent, other)))
  }
  return subclasses
}

function isSuperclass (parent: EntityMetadata, child: EntityMetadata): boolean {
  const name = child.extends as unknown
  return name === parent.class || name === parent.className || (name as { meta?: { class?: unknown } }).meta?.class === parent.class
}

/**
 * SQL: what distinguishes the rows of these classes from others in a table that several classes share, to follow a condition;
 * empty where all rows are of them.
 */
export function classCondition (meta: EntityMetadata, subclasses: readonly EntityMetadata[], alias: string): string {
  const { inheritanceType, discriminatorColumn, properties } = meta.root
  if (inheritanceType !== 'sti' || discriminatorColumn === undefined || meta.root === meta) return ''
  const column = (properties[discriminatorColumn as never] as { fieldNames?: string[] } | undefined)?.fieldNames?.[0] ?? discriminatorColumn as string
  const values = subclasses.flatMap(({ discriminatorValue }) => discriminatorValue === undefined ? [] : [`'${String(discriminatorValue).replaceAll("'", "''")}'`])
  return ` AND ${alias}.${quote(column)}::text IN (${values.join(', ')})`
}
