import { quote } from '../database/sql.ts'
import type { Engine, EngineResource } from '../engine.ts'
import { readReferrers, type Referrer } from '../preview/sql/read-referrers.ts'

/** A foreign key that cascades, between tables that are called by their number. */
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
 * All ways in which a delete spreads to records of resources, of any length, through other tables and in circles.
 * What leads to no resource is left out.
 */
export async function cascadeGraph ({ database, resources }: Engine, resource: EngineResource): Promise<CascadeGraph> {
  const byTable = new Map([...resources.values()].filter(({ options }) => options.bulkAsyncConflictChecking).map((child) => [rootTable(child), child]))
  const tables = [resource.table]
  // Foreign keys are told with schemas, and the resource's own table may be without one.
  const numbers = new Map([[rootTable(resource), 0], [resource.table, 0]])
  const references: CascadeReference[] = []
  for (let from = 0; byTable.size > 0 && from < tables.length; from += 1) {
    for (const { table, columns, referenced, action } of await readReferrers(database, tables[from]!)) {
      if (action !== 'c') continue
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

/** As `readReferrers` names it. */
function rootTable ({ root }: EngineResource): string {
  const dot = root.indexOf('.')
  return `${quote(root.slice(0, dot))}.${quote(root.slice(dot + 1))}`
}
