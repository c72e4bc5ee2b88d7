import type { EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { quote, type Sql } from '../database/sql.ts'
import { problem } from '../errors.ts'
import type { Resource } from '../resources/resource.ts'
import { castTo, knownType } from './column-type.ts'
import { findAbsent } from './sql/find-absent.ts'

/** Mistakes that an answer names at most. */
const toldAtMost = 20

/** A record that a change set refers to, and where that stands in it. */
interface Reference {
  path: string
  key: unknown
}

/**
 * Makes sure that every record that a change set refers to exists, through the eyes of MikroORM's filters.
 * @throws reference_not_found, which names each field
 */
export async function checkReferences (sql: Sql, { meta }: Resource, em: EntityManager, set: Record<string, unknown>): Promise<void> {
  const errors: { path: string, message: string }[] = []
  for (const [field, value] of Object.entries(set)) {
    const prop = meta.properties[field as never] as EntityProperty
    const references = referencesIn(prop, value).map(({ path, key }) => ({ path: `/set/${field}${path}`, key }))
    for (const { path, key } of await absentOf(sql, em, prop, references)) {
      errors.push({ path, message: `there is no ${prop.targetMeta!.className} ${JSON.stringify(key)} that may be referred to` })
    }
  }
  if (errors.length === 0) return
  const told = errors.slice(0, toldAtMost)
  throw problem('reference_not_found', told.map(({ message }) => message).join('; '), { errors: told })
}

/** The keys that a field refers to. Members that are taken out need not exist. */
function referencesIn (prop: EntityProperty, value: unknown): Reference[] {
  if (value === null) return []
  if (prop.kind === 'm:1' || prop.kind === '1:1') return [{ path: '', key: value }]
  if (prop.kind !== 'm:n') return []
  const change = value as { add?: unknown[], replace?: unknown[] }
  return (['add', 'replace'] as const).flatMap((name) => (change[name] ?? []).map((key, index) => ({ path: `/${name}/${index}`, key })))
}

async function absentOf (sql: Sql, em: EntityManager, prop: EntityProperty, references: readonly Reference[]): Promise<Reference[]> {
  if (references.length === 0) return []
  const target = prop.targetMeta!
  const rows = em.createQueryBuilder(target.class as never, 'r').select(target.primaryKeys as never)
  await rows.applyFilters()
  const columns = target.getPrimaryProps().flatMap(({ fieldNames, columnTypes }) =>
    fieldNames.map((name, index) => ({ column: quote(name), cast: castTo(knownType(columnTypes[index]!)) })))
  const names = target.primaryKeys as string[]
  const keys = references.map(({ key }) => typeof key === 'object' ? names.map((name) => (key as Record<string, unknown>)[name]) : [key])
  const absent = await findAbsent(sql, { rows: rows.getFormattedQuery(), columns, keys })
  return absent.map((place) => references[place - 1]!)
}
