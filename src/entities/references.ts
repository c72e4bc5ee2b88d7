import type { EntityProperty } from '@mikro-orm/core'
import { quote, type Sql } from '../database/sql.ts'
import { problem } from '../errors.ts'
import type { EntityTables } from './entity-tables.ts'
import type { Resource } from './resource.ts'
import { visibleRows } from './conditions.ts'
import type { SelectionView } from './selection.ts'
import { castTo, knownType } from './column-type.ts'

/** The most errors that a response lists. */
const errorLimit = 20

/** A record that a change set refers to, and the path of the reference in it. */
interface Reference {
  path: string
  key: unknown
}

/**
 * Makes sure that every record that a change set refers to exists, through the eyes of MikroORM's filters, and is
 * among the declared choices of its field.
 * @throws reference_not_found, which names each field
 */
export async function checkReferences (sql: Sql, { meta, entityTables }: Resource, view: SelectionView, set: Record<string, unknown>): Promise<void> {
  const errors: { path: string, message: string }[] = []
  for (const [field, value] of Object.entries(set)) {
    const prop = meta.properties[field as never] as EntityProperty
    const references = referencesIn(prop, value).map(({ path, key }) => ({ path: `/set/${field}${path}`, key }))
    if (references.length === 0) continue
    const choosable = { em: view.em, scope: await view.choiceCondition?.(field) }
    for (const { path, key } of await absentOf(sql, { prop, entityTables }, choosable, references)) {
      errors.push({ path, message: `there is no ${prop.targetMeta!.className} ${JSON.stringify(key)} that may be referred to` })
    }
  }
  if (errors.length === 0) return
  const reported = errors.slice(0, errorLimit)
  throw problem('reference_not_found', reported.map(({ message }) => message).join('; '), { errors: reported })
}

/** The keys that a field refers to. Members that are taken out need not exist. */
function referencesIn (prop: EntityProperty, value: unknown): Reference[] {
  if (value === null) return []
  if (prop.kind === 'm:1' || prop.kind === '1:1') return [{ path: '', key: value }]
  if (prop.kind !== 'm:n') return []
  const change = value as { add?: unknown[], replace?: unknown[] }
  return (['add', 'replace'] as const).flatMap((name) => (change[name] ?? []).map((key, index) => ({ path: `/${name}/${index}`, key })))
}

async function absentOf (
  sql: Sql, { prop, entityTables }: { prop: EntityProperty, entityTables: EntityTables }, choosable: SelectionView, references: readonly Reference[]
): Promise<Reference[]> {
  const target = prop.targetMeta!
  const rows = await visibleRows({ entity: target.class, meta: target, entityTables }, choosable)
  const columns = target.getPrimaryProps().flatMap(({ fieldNames, columnTypes }) =>
    fieldNames.map((name, index) => ({ column: quote(name), cast: castTo(knownType(columnTypes[index]!)) })))
  const names = target.primaryKeys as string[]
  const keys = references.map(({ key }) => typeof key === 'object' ? names.map((name) => (key as Record<string, unknown>)[name]) : [key])
  const absent = await findAbsent(sql, { rows, columns, keys })
  return absent.map((place) => references[place - 1]!)
}

/**
 * Which of some keys no row has.
 *
 * Input: a SELECT of the rows that may be referred to; the columns of their key, quoted, with the cast that makes each
 * of text; the keys, each as the list of its parts.
 * Output: places in the list of keys, from 1.
 */
export async function findAbsent (
  sql: Sql, { rows, columns, keys }: { rows: string, columns: readonly { column: string, cast: string }[], keys: readonly (readonly unknown[])[] }
): Promise<number[]> {
  const isIt = columns.map(({ column, cast }, index) => `found.${column} = (k.parts ->> ${index})${cast}`).join(' AND ')
  const absent = await sql.query<{ place: number }>(`
    SELECT k.place::int AS place
    FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS k (parts, place)
    WHERE NOT EXISTS (SELECT 1 FROM (${rows}) AS found WHERE ${isIt})
    ORDER BY k.place`, [JSON.stringify(keys)])
  return absent.map(({ place }) => place)
}
