import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import { quote } from '../database/sql.ts'
import type { Engine, EngineResource } from '../engine.ts'
import { readReferrers, type Referrer } from '../preview/sql/read-referrers.ts'
import { removes } from './choose-writer.ts'

/** A way from rows to those that go with them, between tables that are called by their number: a foreign key, usually. */
export interface CascadeReference extends Pick<Referrer, 'columns' | 'referenced'> {
  /** The table that is referred to, and the one that refers. */
  readonly from: number
  readonly to: number
}

/** How a delete spreads: the tables (the first one is that of the delete), what leads from one to the other, and who is a resource. */
export interface CascadeGraph {
  readonly tables: readonly string[]
  readonly references: readonly CascadeReference[]
  readonly children: ReadonlyMap<number, EngineResource>
}

/**
 * All ways in which a delete spreads to records of resources, of any length, through other tables and in circles: those of
 * the database, and where records are deleted as entities, those of MikroORM. What leads to no resource is left out.
 */
export async function cascadeGraph ({ database, resources, orm }: Engine, resource: EngineResource): Promise<CascadeGraph> {
  const byTable = new Map([...resources.values()].filter(({ options }) => options.bulkAsyncConflictChecking).map((child) => [rootTable(child), child]))
  const tables = [resource.table]
  // Foreign keys are told with schemas, and the resource's own table may be without one.
  const numbers = new Map([[rootTable(resource), 0], [resource.table, 0]])
  const references: CascadeReference[] = []
  const removed = resource.writing.delete.way === 'entity' ? removedAsEntities(rootTable(resource), orm.getMetadata()) : new Map<string, Step[]>()
  for (let from = 0; byTable.size > 0 && from < tables.length; from += 1) {
    const cascading = (await readReferrers(database, tables[from]!)).filter(({ action }) => action === 'c')
    const removing = removed.get(from === 0 ? rootTable(resource) : tables[from]!) ?? []
    for (const { table, columns, referenced } of [...cascading, ...removing]) {
      const to = numbers.get(table) ?? tables.push(table) - 1
      numbers.set(table, to)
      references.push({ from, to, columns, referenced })
    }
  }
  const children = new Map(tables.flatMap((table, number) => {
    const child = number === 0 ? byTable.get(rootTable(resource)) : byTable.get(table)
    return child !== undefined && references.some(({ to }) => to === number) ? [[number, child] as const] : []
  }))
  return { tables, references: leadingTo(children, references), children }
}

function leadingTo (children: ReadonlyMap<number, EngineResource>, references: readonly CascadeReference[]): CascadeReference[] {
  const wanted = new Set(children.keys())
  for (let before = -1; before < wanted.size;) {
    before = wanted.size
    for (const { from, to } of references) if (wanted.has(to)) wanted.add(from)
  }
  return references.filter(({ to }) => wanted.has(to))
}

/** What goes with the rows of a table: its table, and its columns that have what these of theirs have. */
type Step = Pick<Referrer, 'table' | 'columns' | 'referenced'>

/**
 * What MikroORM removes together with the rows of a table, by table: what belongs to the entities that it removes, and
 * again to these. Of rows that the database takes along it knows nothing.
 */
function removedAsEntities (table: string, all: Iterable<EntityMetadata>): Map<string, Step[]> {
  const metas = [...all].filter(({ embeddable, pivotTable }) => embeddable !== true && pivotTable !== true)
  const steps = new Map<string, Step[]>([[table, []]])
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
  if (mappedBy === undefined) return [{ table: tableOf(targetMeta), columns: referencedColumnNames, referenced: joinColumns }]
  const owner = targetMeta.properties[mappedBy as never] as EntityProperty
  return [{ table: tableOf(targetMeta), columns: owner.joinColumns, referenced: owner.referencedColumnNames }]
}

function tableOf ({ schema, tableName }: EntityMetadata): string {
  return `${quote(schema ?? 'public')}.${quote(tableName)}`
}

/** As `readReferrers` names it. */
function rootTable ({ root }: EngineResource): string {
  const dot = root.indexOf('.')
  return `${quote(root.slice(0, dot))}.${quote(root.slice(dot + 1))}`
}
