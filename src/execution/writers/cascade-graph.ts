import type { EntityMetadata } from '@mikro-orm/core'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { ormCascades } from './orm-cascades.ts'
import { readReferrers, type Referrer } from '../../entities/catalog.ts'

/** What a delete means for the rows that refer: they go too, they are in its way, or they lose the reference. */
export type DeleteEffect = 'cascade' | 'block' | 'set_null' | 'set_default'

/** A way from rows to others, between tables that are called by their number: a foreign key, usually. */
export interface CascadeReference extends Pick<Referrer, 'columns' | 'referenced'> {
  /** The partition that is referred to, where it is not the whole table. */
  readonly target?: string | undefined
  /** The table that is referred to, and the one that refers. */
  readonly from: number
  readonly to: number
  readonly effect: DeleteEffect
}

/** How a delete spreads: the tables (the first one is that of the delete), and what leads from one to the other. */
export interface DeleteSpread {
  readonly tables: readonly string[]
  /** The tables that these belong to as partitions; the same where they are none. */
  readonly roots: readonly string[]
  /** What the tables are called by people. */
  readonly names: readonly string[]
  /** Those of a table that goes come after those that lead to it. */
  readonly references: readonly CascadeReference[]
}

/** A spread of which only is left what leads to records of resources, and who these are, by table. */
export interface CascadeGraph extends DeleteSpread {
  readonly children: ReadonlyMap<number, EngineResource>
}

const effects: Record<Referrer['action'], DeleteEffect> = { a: 'block', r: 'block', c: 'cascade', n: 'set_null', d: 'set_default' }

/**
 * All that a delete meets, by ways of any length, through other tables and in circles: those of the database, and where
 * records are deleted as entities, those of MikroORM.
 */
export async function deleteSpread ({ database, orm, entityTables }: Pick<Engine, 'database' | 'orm' | 'entityTables'>, resource: EngineResource): Promise<DeleteSpread> {
  const tables = [resource.table]
  const roots = [resource.table]
  const names = [resource.meta.tableName]
  const numbers = new Map([[resource.table, 0]])
  const references = new Map<string, CascadeReference>()
  const going = new Set([0])
  const removed = resource.writing.delete.way === 'entity' ? ormCascades(resource.meta, orm.getMetadata(), entityTables) : undefined
  // Iteration over a Set includes what is added meanwhile.
  for (const from of going) {
    const removing = removed?.get(tables[from]!) ?? []
    const referring = await readReferrers(database, tables[from]!)
    for (const { table, root, target, name, columns, referenced, action } of [...removing.map((step) => ({ ...step, root: step.table, target: tables[from]!, action: 'c' as const })), ...referring]) {
      const to = numbers.get(table) ?? tables.push(table) - 1
      numbers.set(table, to)
      names[to] ??= name
      roots[to] ??= root
      const effect = effects[action]
      if (effect === 'cascade') going.add(to)
      // What MikroORM removes, it removes before the database could take it along, or object.
      const way = JSON.stringify([from, to, target, columns, referenced])
      if (!references.has(way)) references.set(way, { from, to, ...(target !== tables[from] && { target }), columns, referenced, effect })
    }
  }
  return { tables, roots, names, references: [...references.values()] }
}

/** The ways in which a delete spreads to records of resources; what leads to none is left out. */
export async function cascadeGraph (engine: Pick<Engine, 'database' | 'orm' | 'entityTables' | 'resources'>, resource: EngineResource): Promise<CascadeGraph> {
  const lockable = [...engine.resources.values()].filter(({ options }) => options.bulkAsyncConflictChecking)
  if (lockable.length === 0) return { tables: [], roots: [], names: [], references: [], children: new Map() }
  const byTable = new Map(lockable.map((child) => [engine.entityTables.of(child.meta.root as EntityMetadata).quoted, child]))
  const { references, ...spread } = await deleteSpread(engine, resource)
  const cascading = references.filter(({ effect }) => effect === 'cascade')
  const children = new Map(spread.roots.flatMap((root, number) => {
    const child = byTable.get(root)
    return child !== undefined && cascading.some(({ to }) => to === number) ? [[number, child] as const] : []
  }))
  return { ...spread, references: referencesLeadingTo(new Set(children.keys()), cascading), children }
}

/** The references over which one comes to one of these tables. */
export function referencesLeadingTo (wanted: ReadonlySet<number>, references: readonly CascadeReference[]): CascadeReference[] {
  const reaching = new Set(wanted)
  for (let before = -1; before < reaching.size;) {
    before = reaching.size
    for (const { from, to } of references) if (reaching.has(to)) reaching.add(from)
  }
  return references.filter(({ to }) => reaching.has(to))
}
