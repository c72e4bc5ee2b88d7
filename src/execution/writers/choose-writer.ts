import { Utils, type EntityMetadata, type EntityProperty, type EventSubscriber } from '@mikro-orm/core'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'
import type { WriterChoice, Writing } from '../../engine/writer.ts'
import { configurationError } from '../../errors.ts'

export interface WriterFacts {
  /** The name of the resource, for errors. */
  readonly name: string
  readonly meta: EntityMetadata
  /** The classes that its records can be of, the entity's own among them. */
  readonly classes: readonly EntityMetadata[]
  readonly options: Pick<ResolvedResourceOptions, 'bulkFields' | 'bulkFullClean' | 'persistence' | 'validate' | 'write'>
  readonly subscribers: Iterable<EventSubscriber>
}

type Operation = keyof Writing

/** The events that something listens to of which a statement of ours would say nothing. */
const events = {
  update: ['beforeUpdate', 'afterUpdate'],
  delete: ['beforeDelete', 'afterDelete'],
  flush: ['beforeFlush', 'onFlush', 'afterFlush']
} as const

/**
 * Decides how a resource is written: in one statement per slice wherever nothing must run per record.
 * @throws invalid_options where `write: 'set'` would leave out what must run
 */
export function chooseWriters (facts: WriterFacts): Writing {
  return { update: choose('update', facts), delete: choose('delete', facts) }
}

function choose (operation: Operation, facts: WriterFacts): WriterChoice {
  const { name, options: { persistence, write } } = facts
  if (persistence !== undefined) return { way: 'persistence', why: `${persistence.name || 'its persistence class'} writes it` }
  const reasons = operation === 'update' ? reasonsOfUpdate(facts) : reasonsOfDelete(facts)
  if (write === 'set' && reasons.length > 0) {
    throw configurationError('invalid_options', `resources.${name}.write: 'set' would leave out what must run for each record of ${operation === 'update' ? 'an update' : 'a delete'}: ${reasons.join('; ')}`)
  }
  if (write === 'entity') return { way: 'entity', why: "write is 'entity'" }
  return reasons.length > 0 ? { way: 'entity', why: reasons.join('; ') } : { way: 'set', why: 'nothing must run for each record' }
}

function reasonsOfUpdate ({ meta, classes, options, subscribers }: WriterFacts): string[] {
  const written = options.bulkFields.map((name) => meta.properties[name as never] as EntityProperty | undefined).filter((prop) => prop !== undefined)
  const touched = classes.flatMap(({ props }) => props.filter(({ onUpdate }) => onUpdate !== undefined))
  return unique([
    ...inheritance(meta),
    ...listeners('update', classes, subscribers),
    ...touched.filter(({ onUpdate }) => onUpdate!.length > 0).map(({ name }) => `onUpdate of ${name} reads the entity`),
    ...touched.filter(({ embedded }) => embedded !== undefined).map(({ name }) => `onUpdate of ${name} is part of an embedded object`),
    ...written.filter(({ kind, orphanRemoval }) => kind === '1:1' && orphanRemoval).map(({ name }) => `${name} removes orphans`),
    ...(options.validate !== undefined && options.bulkFullClean !== false ? ['validate looks at each record'] : [])
  ])
}

function reasonsOfDelete ({ meta, classes, subscribers }: WriterFacts): string[] {
  return unique([...inheritance(meta), ...listeners('delete', classes, subscribers), ...cascades(classes, subscribers, new Set())])
}

/** Its columns are in several tables, which MikroORM knows to write in turn. */
function inheritance ({ className, root }: EntityMetadata): string[] {
  return root.inheritanceType === 'tpt' ? [`${className} has a table for each of its classes`] : []
}

function listeners (operation: Operation, classes: readonly EntityMetadata[], subscribers: Iterable<EventSubscriber>): string[] {
  const hooks = classes.flatMap(({ className, hooks }) => events[operation].filter((event) => (hooks[event]?.length ?? 0) > 0).map((event) => `${className} has a ${event} hook`))
  const listening = [...subscribers].flatMap((subscriber) => {
    const event = [...events[operation], ...events.flush].find((event) => event in subscriber)
    return event !== undefined && isAbout(subscriber, classes) ? [`${subscriber.constructor.name} listens to ${event}`] : []
  })
  return [...hooks, ...listening]
}

/** A subscriber that names no entities listens to all. */
function isAbout (subscriber: EventSubscriber, classes: readonly EntityMetadata[]): boolean {
  const named = subscriber.getSubscribedEntities?.().map((name) => Utils.classOrName(name as never)) as unknown[] | undefined
  return named === undefined || named.length === 0 || classes.some((meta) => named.includes(meta.class) || named.includes(meta.className))
}

/** Relations whose records go with the record, unless the database sees to that and nothing must run for them either. */
function cascades (classes: readonly EntityMetadata[], subscribers: Iterable<EventSubscriber>, seen: Set<EntityMetadata>): string[] {
  return classes.flatMap((meta) => {
    if (seen.has(meta)) return []
    seen.add(meta)
    return meta.relations.filter(removes).flatMap((prop) => {
      const target = prop.targetMeta!
      const inner = isCascadedByDatabase(prop) ? [...listeners('delete', [target], subscribers), ...cascades([target], subscribers, seen)] : ['MikroORM removes what belongs to it']
      return inner.length > 0 ? [`${meta.className}.${prop.name} cascades: ${inner.join(', ')}`] : []
    })
  })
}

/** Whether MikroORM removes what a relation refers to when it removes the record. */
export function removes (prop: EntityProperty): boolean {
  return prop.orphanRemoval === true || (prop.cascade ?? []).some((cascade) => cascade === 'remove' || cascade === 'all')
}

function isCascadedByDatabase (prop: EntityProperty): boolean {
  if (prop.mappedBy === undefined || prop.kind === 'm:n') return false
  const owner = prop.targetMeta!.properties[prop.mappedBy as never] as EntityProperty | undefined
  return owner?.deleteRule?.toLowerCase() === 'cascade'
}

function unique (reasons: readonly string[]): string[] {
  return [...new Set(reasons)]
}
