import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Sql } from '../database/sql.ts'
import { configurationError } from '../errors.ts'
import type { Resource } from './resource.ts'
import { operandsOf, type Operands } from './operands.ts'
import type { SelectionView } from './selection.ts'

type Condition = FilterQuery<object>

/** Operators of the contract and the MikroORM operators they stand for, where it is one to one. */
const plainOperators: Record<string, string> = { gt: '$gt', gte: '$gte', lt: '$lt', lte: '$lte' }

/**
 * Translates a filter that passed its schema into MikroORM's terms, null-safe: `ne` and `nin` match records without
 * a value too, as people expect, where SQL's `<>` would not.
 */
export function conditionOf (resource: Pick<Resource, 'meta' | 'columns'>, em: EntityManager, filter: Record<string, unknown>): Condition {
  return { $and: Object.entries(filter).flatMap(([field, value]) => fieldConditions(operandsOf(resource, em, field), value)) } as Condition
}

function fieldConditions (operands: Operands, value: unknown): object[] {
  if (!isOperators(value)) return [equals(operands, value)]
  return Object.entries(value).map(([operator, operand]) => operatorCondition(operands, operator, operand))
}

function isOperators (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => operatorNames.has(key))
}

const operatorNames = new Set([...Object.keys(plainOperators), 'eq', 'ne', 'in', 'nin', 'contains', 'startsWith', 'isNull'])

function equals ({ field, one }: Operands, value: unknown): object {
  return { [field()]: value === null ? null : one(value) }
}

function operatorCondition (operands: Operands, operator: string, operand: unknown): object {
  const { field, text, one, many } = operands
  switch (operator) {
    case 'eq': return equals(operands, operand)
    case 'ne': return operand === null ? { [field()]: { $ne: null } } : orNull(operands, { $ne: one(operand) })
    case 'in': return { [field()]: { $in: many(operand as unknown[]) } }
    case 'nin': return orNull(operands, { $nin: many(operand as unknown[]) })
    case 'isNull': return { [field()]: operand ? null : { $ne: null } }
    case 'contains': return { [text()]: { $ilike: `%${literal(operand as string)}%` } }
    case 'startsWith': return { [text()]: { $ilike: `${literal(operand as string)}%` } }
    default: return { [field()]: { [plainOperators[operator]!]: one(operand) } }
  }
}

function orNull ({ field }: Operands, condition: object): object {
  return { $or: [{ [field()]: condition }, { [field()]: null }] }
}

/** Escapes what LIKE would take for a pattern. */
export function literal (text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/**
 * The SELECT of the keys and rows that a caller may work on: the condition, the resource's scope, and MikroORM's own
 * filters. It is complete SQL with its values in it, ready to stand as a subquery.
 */
export async function visibleRows (resource: Pick<Resource, 'entity' | 'meta' | 'entityTables'>, view: SelectionView, condition?: Condition): Promise<string> {
  const rows = rowsInScope(resource, view)
  if (condition !== undefined) rows.andWhere(copyOf(condition) as never)
  await rows.applyFilters()
  return rows.getFormattedQuery()
}

function rowsInScope (resource: Pick<Resource, 'entity' | 'meta' | 'entityTables'>, { em, scope }: SelectionView) {
  requireOwnSchema(resource, em)
  const rows = em.createQueryBuilder(resource.entity, 'e').select(resource.meta.primaryKeys as never)
  return scope === undefined ? rows : rows.andWhere(copyOf(scope) as never)
}

/**
 * Which of some stored keys belong to records outside of the caller's scope. MikroORM's filters do not count: a filter such
 * as soft delete hides records exactly because of what a job has written. Neither do records that no longer exist.
 */
export async function keysOutOfScope (sql: Sql, resource: Resource, view: SelectionView, keys: readonly string[]): Promise<Set<string>> {
  if (view.scope === undefined) return new Set()
  const { key, table } = resource
  const columns = key.columns.map(({ column }) => `t.${column}`).join(', ')
  const found = await sql.query<{ key: string }>(`
    SELECT (${key.stored('t')})::text AS key FROM ${table} t
    WHERE ${key.among('t', `$1::${key.kind}[]`)} AND (${columns}) NOT IN (${rowsInScope(resource, view).getFormattedQuery()})`, [keys])
  return new Set(found.map((row) => row.key))
}

/** An EntityManager with a schema of its own reads entities that name none there, and the job would write another table. */
function requireOwnSchema ({ meta, entityTables }: Pick<Resource, 'meta' | 'entityTables'>, { schema }: EntityManager): void {
  if (schema === undefined || meta.schema !== undefined) return
  const table = entityTables.of(meta)
  if (schema === table.schema) return
  throw configurationError('invalid_options',
    `the EntityManager has the schema ${schema}, and ${meta.className} was registered in ${table.schema}; name the schema in the entity, or use an EntityManager without one`)
}

/** MikroORM writes into the conditions that it is given; those of the options are the same for every request, and frozen. */
function copyOf (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  // Fragments of raw SQL are named by symbols.
  return Object.fromEntries(Reflect.ownKeys(value).map((name) => [name, copyOf((value as Record<PropertyKey, unknown>)[name])]))
}
