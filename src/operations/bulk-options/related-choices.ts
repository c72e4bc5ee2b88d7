import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { FieldChoices } from '../../../schemas/bulk-options.ts'
import { sqlState } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { lockableOf } from '../../jobs/locks/lockable.ts'
import type { Condition } from '../../engine/resource-options.ts'
import { literal, visibleRows } from '../../entities/conditions.ts'
import { cursorOf, invalidCursor, placeIn } from './cursor.ts'
import { selectChoices, type ChoicePlace } from './select-choices.ts'

/** Which records a reference may point to, and how they are labelled. */
export interface RelatedChoices {
  target: EntityMetadata
  /** Gives MikroORM's filters their parameters. */
  em: EntityManager
  /** The application's own rule for this field and caller. */
  condition: Condition | undefined
  label: string | undefined
  search: readonly string[]
}

export interface ChoicesPage {
  search: string | undefined
  cursor: string | undefined
  limit: number
}

/** Properties that name a record for people, where the application does not say which does. */
const usualLabels = ['name', 'title', 'label']

/**
 * A page of the records that a reference may point to, through the eyes of the application's filters, ordered by label.
 * @throws validation_failed for a cursor that was not ours, unavailable
 */
export async function relatedChoices (
  engine: Pick<Engine, 'orm' | 'database' | 'entityTables' | 'resources' | 'log'>, { target, em, condition, label, search }: RelatedChoices, page: ChoicesPage
): Promise<FieldChoices> {
  const { key } = lockableOf(engine, target.class)
  const columnOf = (name: string) => (target.properties[name as never] as EntityProperty).fieldNames[0]!
  const labelled = label ?? usualLabels.find((name) => isText(target.properties[name as never]))
  const after = page.cursor === undefined ? undefined : placeIn(page.cursor)
  const rows = await visibleRows({ entity: target.class, meta: target, entityTables: engine.entityTables }, { em, scope: condition })
  const found = await refusingCursor(page.cursor, () => mapConnectionErrors(engine, () => selectChoices(engine.database, {
    table: engine.entityTables.of(target).quoted,
    key,
    rows,
    labelColumn: labelled === undefined ? undefined : columnOf(labelled),
    searchColumns: search.map(columnOf),
    pattern: page.search ? `%${literal(page.search)}%` : undefined,
    after,
    limit: page.limit + 1
  })))
  const shown = found.slice(0, page.limit)
  return {
    items: shown.map((place) => ({ value: key.toWire(place.key), label: labelOf(place) })),
    nextCursor: found.length > shown.length ? cursorOf(shown.at(-1)!) : null
  }
}

/** A record without a name goes by its key. */
function labelOf ({ label, key }: ChoicePlace): string {
  return label === '' ? key : label
}

function isText (prop: EntityProperty | undefined): boolean {
  return prop !== undefined && prop.persist !== false && prop.formula === undefined && /^(text|citext|(var)?char|character)/.test(prop.columnTypes?.[0] ?? '')
}

/** A cursor whose key is none of this entity comes from elsewhere. */
async function refusingCursor<Result> (cursor: string | undefined, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (cursor !== undefined && sqlState(error)?.startsWith('22')) throw problem('validation_failed', invalidCursor.detail, { errors: invalidCursor.errors, cause: error })
    throw error
  }
}
