import type { EntityMetadata } from '@mikro-orm/core'
import { MikroORM, type Options } from '@mikro-orm/postgresql'

/** MikroORM with the metadata of these entities, and no connection to any database. */
export function discover (entities: Options['entities']): MikroORM {
  return new MikroORM({ dbName: 'never-connected', entities })
}

export function metadataOf (orm: MikroORM, entity: unknown): EntityMetadata {
  return orm.getMetadata().get(entity as never) as EntityMetadata
}
