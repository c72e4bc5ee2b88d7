import type { AnyEntity, EntityProperty, EventSubscriber } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine/engine.ts'
import { isPowercrudError } from '../../errors.ts'
import { assignChanges } from './assign-changes.ts'
import { normalizedValues } from './normalized-values.ts'
import { removes } from './choose-writer.ts'
import { asRecordError } from './hook-failure.ts'
import { loadSlice, missingPlaces, type LoadedRecord } from './load-slice.ts'
import { isToMany } from './members.ts'
import type { RuleContext } from '../../engine/rule.ts'
import { recordValidator, type RecordValidator } from './record-validator.ts'
import { rowErrorOf } from './row-error.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction, Writer } from '../../engine/writer.ts'

/** As many as MikroORM writes in one statement, so that memory stays flat and a slice is one of each. */
const sliceAtMost = 300

export interface EntityUpdate {
  set: Record<string, unknown>
  user: RuleContext['user']
}

/** How the entities of a slice are changed. */
export interface EntityChange {
  readonly fields: readonly string[]
  readonly user: RuleContext['user']
  /** What a rule of the application gets to know as the change set. */
  readonly set: RuleContext['set']
  /** Looks at a slice whose records are locked. Returns what must be left alone, and how to change each of the others. */
  prepare (transaction: WriteTransaction, em: EntityManager, slice: Slice): Promise<PreparedChange>
}

export interface PreparedChange {
  readonly refused: Refusal[]
  /** Changes a record. Returns whether that is a change which MikroORM does not report. */
  readonly apply: (record: LoadedRecord) => boolean
  /** Has the last word, after the flush. Answers which records it has written. */
  readonly finish?: (changed: readonly LoadedRecord[], written: ReadonlySet<AnyEntity>) => Promise<Iterable<AnyEntity>>
}

/** Updates entity by entity: what must run for each of them runs. */
export function entityUpdateWriter (tables: Tables, resource: EngineResource, { set, user }: EntityUpdate): Writer {
  let canonical: Map<string, unknown> | undefined
  return entityChangeWriter(tables, resource, {
    fields: Object.keys(set),
    user,
    set,
    async prepare ({ sql }, em) {
      const known = canonical ??= await normalizedValues(sql, em, resource, set)
      return { refused: [], apply: ({ entity }) => assignChanges(entity, resource.meta, em, { set, canonical: known }) }
    }
  })
}

/** Changes entity by entity, in whatever way. */
export function entityChangeWriter (tables: Tables, resource: EngineResource, { fields, user, set, prepare }: EntityChange): Writer {
  const { meta, options: { validate, bulkFullClean } } = resource
  const rule = validate === undefined || bulkFullClean === false ? undefined : recordValidator(validate)
  const populate = fields.filter((name) => isToMany(meta.properties[name as never] as EntityProperty))
  const loading = { lock: 'NO KEY UPDATE', populate } as const

  /** Loads a slice and changes it; what is in `without` is left alone. */
  const load = async (transaction: WriteTransaction, slice: Slice, without: readonly Refusal[]) => {
    const { em, written } = watched(transaction.em)
    // First the locks: a record that appears between two statements would be seen by one of them only.
    const found = await loadSlice(transaction, em, tables, resource, slice, loading)
    const places = new Set(found.map(({ place }) => place))
    const { refused: refusedHere, apply, finish } = await prepare(transaction, em, slice)
    const refused = refusedHere.filter(({ place }) => places.has(place))
    const untouched = new Set([...refused, ...without].map(({ place }) => place))
    const changed = found.filter(({ place }) => !untouched.has(place))
    for (const record of changed) if (apply(record)) written.add(record.entity)
    return { em, written, found, changed, refused, finish }
  }

  return {
    fields,
    lock: loading.lock,
    sliceAtMost,
    async write (transaction, slice) {
      let change = await load(transaction, slice, [])
      const ruledOut = rule === undefined ? [] : await refusedBy(rule, change.changed, { em: change.em, resource: resource.name, set, user })
      // A changed entity cannot be taken out of a flush without harm to those that refer to it.
      if (ruledOut.length > 0) change = await load(transaction, slice, ruledOut)
      const { em, written, found, changed, refused, finish } = change
      await flush(em)
      for (const entity of await finish?.(changed, written) ?? []) written.add(entity)
      return outcomeOf(slice, found, written, [...refused, ...ruledOut])
    }
  }
}

/** Deletes entity by entity, with what belongs to them. */
export function entityDeleteWriter (tables: Tables, resource: EngineResource): Writer {
  return {
    fields: [],
    lock: 'UPDATE',
    sliceAtMost,
    async write (transaction, slice) {
      const { em } = watched(transaction.em)
      const found = await loadSlice(transaction, em, tables, resource, slice, { lock: 'UPDATE', populate: [] })
      await loadCascaded(em, found.map(({ entity }) => entity))
      for (const { entity } of found) em.remove(entity)
      await flush(em)
      return { unchanged: [], missing: missingPlaces(slice, found), refused: [] }
    }
  }
}

/** An EntityManager of its own in the same transaction, and the entities that it has written. */
function watched (outer: EntityManager): { em: EntityManager, written: Set<AnyEntity> } {
  const em = outer.fork({ clear: true, keepTransactionContext: true, cloneEventManager: true }) as EntityManager
  const written = new Set<AnyEntity>()
  const watch: EventSubscriber = {
    afterFlush ({ uow }) {
      for (const { entity } of uow.getChangeSets()) written.add(entity as AnyEntity)
    }
  }
  em.getEventManager().registerSubscriber(watch)
  return { em, written }
}

async function refusedBy (rule: RecordValidator, found: readonly LoadedRecord[], context: RuleContext): Promise<Refusal[]> {
  const refused: Refusal[] = []
  for (const { place, entity } of found) {
    try {
      await rule(entity, context)
    } catch (error) {
      if (!isPowercrudError(error, 'rule_refused')) throw error
      refused.push({ place, outcome: 'failed', ...rowErrorOf(error) })
    }
  }
  return refused
}

/**
 * Loads what MikroORM removes together with entities: it cascades only to what it knows.
 * Level by level, since a record may belong to one of its own kind.
 */
async function loadCascaded (em: EntityManager, entities: readonly AnyEntity[]): Promise<void> {
  const seen = new Set<AnyEntity>(entities)
  for (let level = [...entities]; level.length > 0;) {
    const next: AnyEntity[] = []
    for (const [names, group] of byCascadedRelations(level)) {
      await em.populate(group, names as never, { filters: false, strategy: 'select-in' })
      for (const belonging of group.flatMap((entity) => names.flatMap((name) => itemsOf(entity[name])))) {
        if (seen.has(belonging)) continue
        seen.add(belonging)
        next.push(belonging)
      }
    }
    level = next
  }
}

function byCascadedRelations (entities: readonly AnyEntity[]): Map<string[], AnyEntity[]> {
  const groups = new Map<unknown, { names: string[], group: AnyEntity[] }>()
  for (const entity of entities) {
    const meta = entity.__meta as { relations: EntityProperty[] }
    const known = groups.get(meta) ?? { names: meta.relations.filter(removes).map(({ name }) => name), group: [] }
    known.group.push(entity)
    groups.set(meta, known)
  }
  return new Map([...groups.values()].filter(({ names }) => names.length > 0).map(({ names, group }) => [names, group]))
}

function itemsOf (relation: unknown): AnyEntity[] {
  if (typeof relation !== 'object' || relation === null) return []
  if ('getItems' in relation) return (relation as { getItems (check: boolean): AnyEntity[] }).getItems(false)
  return 'unwrap' in relation ? [(relation as { unwrap (): AnyEntity }).unwrap()] : [relation]
}

async function flush (em: EntityManager): Promise<void> {
  try {
    await em.flush()
  } catch (error) {
    throw asRecordError(error)
  }
}

function outcomeOf (slice: Slice, found: readonly LoadedRecord[], written: ReadonlySet<AnyEntity>, refused: Refusal[]): SliceOutcome {
  const places = new Set(refused.map(({ place }) => place))
  const unchanged = found.filter(({ place, entity }) => !written.has(entity) && !places.has(place)).map(({ place }) => place)
  return { unchanged: unchanged.sort((one, other) => one - other), missing: missingPlaces(slice, found), refused }
}
