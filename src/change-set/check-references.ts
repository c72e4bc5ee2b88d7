import type { EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Sql } from '../database/sql.ts'
import { problem } from '../errors.ts'
import type { Resource } from '../resources/resource.ts'

/** Mistakes that an answer names at most. */
const toldAtMost = 20

/**
 * Makes sure that every record that a change set refers to exists, through the eyes of MikroORM's filters.
 * @throws reference_not_found, which names each field
 */
export async function checkReferences (sql: Sql, { meta }: Resource, em: EntityManager, set: Record<string, unknown>): Promise<void> {
  const errors: { path: string, message: string }[] = []
  for (const [field, value] of Object.entries(set)) {
    const prop = meta.properties[field as never] as EntityProperty
    for (const { path, key } of referencesIn(prop, value)) {
      if (await exists(sql, em, prop, key)) continue
      errors.push({ path: `/set/${field}${path}`, message: `there is no ${prop.targetMeta!.className} ${JSON.stringify(key)} that may be referred to` })
      if (errors.length === toldAtMost) throw refusal(errors)
    }
  }
  if (errors.length > 0) throw refusal(errors)
}

/** The keys that a field refers to, and where in its value they stand. Members that are taken out need not exist. */
function referencesIn (prop: EntityProperty, value: unknown): { path: string, key: unknown }[] {
  if (value === null) return []
  if (prop.kind === 'm:1' || prop.kind === '1:1') return [{ path: '', key: value }]
  if (prop.kind !== 'm:n') return []
  const change = value as { add?: unknown[], replace?: unknown[] }
  return (['add', 'replace'] as const).flatMap((name) => (change[name] ?? []).map((key, index) => ({ path: `/${name}/${index}`, key })))
}

function refusal (errors: { path: string, message: string }[]) {
  return problem('reference_not_found', errors.map(({ message }) => message).join('; '), { errors })
}

async function exists (sql: Sql, em: EntityManager, prop: EntityProperty, key: unknown): Promise<boolean> {
  const target = prop.targetMeta!
  const condition = typeof key === 'object' ? key : { [target.primaryKeys[0] as string]: key }
  const rows = em.createQueryBuilder(target.class as never, 'r').select(target.primaryKeys as never).where(condition as never).limit(1)
  await rows.applyFilters()
  return (await sql.query(rows.getFormattedQuery())).length > 0
}
