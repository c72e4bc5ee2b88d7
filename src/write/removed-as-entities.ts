import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'
import { removes } from './choose-writer.ts'
import type { Referrer } from './sql/read-referrers.ts'

/** What goes with the rows of a table: its table, and its columns that have what these of theirs have. */
type Step = Pick<Referrer, 'table' | 'name' | 'columns' | 'referenced'>

/**
 * What MikroORM removes together with records of an entity, by table: what belongs to the entities that it removes, and
 * again to these. Of rows that the database takes along it knows nothing.
 */
export function removedAsEntities (removed: EntityMetadata, all: Iterable<EntityMetadata>): Map<string, Step[]> {
  const metas = [...all].filter(({ embeddable, pivotTable }) => embeddable !== true && pivotTable !== true)
  const steps = new Map<string, Step[]>([[tableOf(removed), []]])
  // A Map tells those that are added while it is walked.
  for (const [from, found] of steps) {
    found.push(...metas.filter((meta) => tableOf(meta) === from).flatMap(({ relations }) => relations.filter(removes).flatMap(belongingOf)))
    for (const { table: to } of found) if (!steps.has(to)) steps.set(to, [])
  }
  return steps
}

/** Members have no column in either table, and are left alone. */
function belongingOf ({ kind, targetMeta, mappedBy, joinColumns, referencedColumnNames }: EntityProperty): Step[] {
  if (kind === 'm:n' || targetMeta === undefined) return []
  const target = { table: tableOf(targetMeta), name: targetMeta.tableName }
  if (mappedBy === undefined) return [{ ...target, columns: referencedColumnNames, referenced: joinColumns }]
  const owner = targetMeta.properties[mappedBy as never] as EntityProperty
  return [{ ...target, columns: owner.joinColumns, referenced: owner.referencedColumnNames }]
}

/** The quoted table of an entity, as `readReferrers` names it. */
export function tableOf ({ schema, tableName }: EntityMetadata): string {
  return `${quote(schema ?? 'public')}.${quote(tableName)}`
}
