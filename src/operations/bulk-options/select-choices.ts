import { quote, type Sql } from '../../database/sql.ts'
import type { RecordKey } from '../../entities/record-key.ts'

/** The place of a choice in the list. */
export interface ChoicePlace {
  label: string
  key: string
}

export interface ChoicesQuery {
  /** Quoted table of the entity referred to. */
  table: string
  key: RecordKey
  /** A SELECT of the keys that may be chosen. */
  rows: string
  /** Column of the label; the key itself where there is none. */
  labelColumn: string | undefined
  /** Columns that a search looks into; the label where there are none. */
  searchColumns: readonly string[]
  /** A pattern for ILIKE; undefined for all. */
  pattern: string | undefined
  /** Only those after this one. */
  after: ChoicePlace | undefined
  limit: number
}

/** A page of the records that a reference may point to, by label, and by key where labels are the same. */
export async function selectChoices (sql: Sql, { table, key, rows, labelColumn, searchColumns, pattern, after, limit }: ChoicesQuery): Promise<ChoicePlace[]> {
  const values: unknown[] = []
  const given = (value: unknown) => `$${values.push(value)}`
  const text = (column: string) => `c.${quote(column)}::text`
  const label = labelColumn === undefined ? `(${key.stored('c')})::text` : `coalesce(${text(labelColumn)}, '')`
  const conditions = [`(${key.columns.map(({ column }) => `c.${column}`).join(', ')}) IN (${rows})`]
  if (pattern !== undefined) {
    const sought = given(pattern)
    const places = searchColumns.length === 0 ? [label] : searchColumns.map(text)
    // Some collations take different texts for the same, and PostgreSQL seeks no text in those.
    conditions.push(`(${places.map((place) => `${place} COLLATE pg_catalog."default" ILIKE ${sought}`).join(' OR ')})`)
  }
  if (after !== undefined && labelColumn === undefined) conditions.push(key.after('c', given(after.key)))
  if (after !== undefined && labelColumn !== undefined) {
    const last = `${given(after.label)}::text`
    conditions.push(`(${label} > ${last} OR (${label} = ${last} AND ${key.after('c', given(after.key))}))`)
  }
  return sql.query<ChoicePlace>(`
    SELECT (${key.stored('c')})::text AS key, ${label} AS label
    FROM ${table} c
    WHERE ${conditions.join(' AND ')}
    ORDER BY ${labelColumn === undefined ? '' : `${label}, `}${key.orderBy('c')}
    LIMIT ${given(limit)}`, values)
}
