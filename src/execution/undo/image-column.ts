import type { EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { columnsOf } from '../../entities/columns.ts'
import type { Resource } from '../../entities/resource.ts'
import { isToMany, pivotOf, type Pivot } from '../writers/members.ts'
import { isAbout } from '../writers/member-rows.ts'

/** One value of a record that an update can change, and that is stored as text: a column, or the members of a to-many field. */
export type ImageColumn =
  | { readonly kind: 'column', readonly property: string, readonly column: string, readonly type: string }
  | { readonly kind: 'members', readonly property: string, readonly pivot: Pivot }

/** The values that a change set can change, always in the same order, which is that of the values in images. */
export function imageColumns (resource: Resource, em: EntityManager, set: Record<string, unknown>): ImageColumn[] {
  const columns = columnsOf(resource, em, set).map(({ property, column, type }) => ({ kind: 'column' as const, property, column, type }))
  const toMany = Object.keys(set).map((name) => resource.meta.properties[name as never] as EntityProperty).filter(isToMany)
  return [...columns, ...toMany.map((prop) => ({ kind: 'members' as const, property: prop.name, pivot: pivotOf(resource, prop, em) }))]
}

/**
 * SQL: the value of record `t` as text, which is the same as long as the value is. Members are a JSON array of the parts of
 * their keys, in the order that the pivot table keeps, else ordered by these parts.
 */
export function currentValueSql (resource: Resource, column: ImageColumn): string {
  if (column.kind === 'column') return `t.${column.column}::text COLLATE "C"`
  const { pivot } = column
  const parts = pivot.inverse.map((part) => `p.${part}::text`).join(', ')
  return `(
    SELECT coalesce(jsonb_agg(jsonb_build_array(${parts}) ORDER BY ${pivot.order === undefined ? parts : `p.${pivot.order}`}), '[]')::text COLLATE "C"
    FROM ${pivot.table} p WHERE ${isAbout(resource, pivot, 'p')})`
}

/** SQL: whether the value of record `t` is the one that an image has as text. */
export function isCurrentValue (resource: Resource, column: ImageColumn, image: string): string {
  // The text of an instant depends on the time zone of the session.
  if (column.kind === 'column' && dependsOnTimeZone.test(column.type)) return `t.${column.column} IS NOT DISTINCT FROM ${image}::${column.type}`
  return `${currentValueSql(resource, column)} IS NOT DISTINCT FROM ${image}`
}

const dependsOnTimeZone = /^(timestamptz|timestamp.* with time zone|tstz)/i

/** Names the values of columns in a statement: `v0`, `v1` … */
export function valueNames (columns: readonly ImageColumn[]): string[] {
  return columns.map((_, index) => `v${index}`)
}
