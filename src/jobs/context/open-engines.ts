import type { EntityManager } from '@mikro-orm/postgresql'
import type { Engine } from '../../engine/engine.ts'
import { configurationError } from '../../errors.ts'
import type { BulkEntity } from '../../entities/resource.ts'

const engines = new Set<Engine>()

/** Lets code that is handed nothing find the engine of its entities. The returned function ends it. */
export function registerEngine (engine: Engine): () => void {
  engines.add(engine)
  return () => { engines.delete(engine) }
}

/**
 * The open engines that know an entity: usually one. Two registrations on one database (in two schemas of ours) hold
 * locks of their own, and both count.
 * @throws invalid_options when no open engine knows the entity, or the EntityManager
 */
export function enginesFor (entity: BulkEntity | string, em: EntityManager | undefined): Engine[] {
  const found = [...engines].filter(({ orm, resources }) => {
    if (em !== undefined && em.config !== orm.config) return false
    return typeof entity === 'string' ? resources.has(entity) || knowsName(orm, entity) : orm.getMetadata().find(entity) !== undefined
  })
  if (found.length > 0) return found
  throw configurationError('invalid_options', `${nameOf(entity)} belongs to no MikroORM that fastify-powercrud-async is registered with`)
}

function knowsName (orm: Engine['orm'], name: string): boolean {
  return orm.getMetadata().getByClassName(name, false) !== undefined
}

function nameOf (entity: BulkEntity | string): string {
  if (typeof entity === 'string') return entity
  const { name, meta } = (entity ?? {}) as { name?: string, meta?: { className: string } }
  return meta?.className ?? name ?? 'the entity'
}
