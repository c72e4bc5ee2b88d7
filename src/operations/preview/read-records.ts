import { serialize, type EntityProperty } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { storedKey } from '../../jobs/locks/lockable.ts'
import type { WireKey } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'

/**
 * Reads some fields of some records as JSON, by stored key; to-many fields as the keys of their members. Fields keep
 * their property names, whatever their serialized names, and lazy ones are loaded.
 */
export async function readRecords (
  em: EntityManager, resource: Resource, keys: readonly string[], fields: readonly string[]
): Promise<Map<string, Record<string, unknown>>> {
  const { entity, meta, key } = resource
  const conditions = keys.map((stored) => conditionOf(key.toWire(stored), meta.primaryKeys[0] as string))
  const props = fields.map((field) => meta.properties[field as never] as EntityProperty)
  const populate = props.filter(({ kind, lazy }) => kind === 'm:n' || lazy === true).map(({ name }) => name)
  const records = await em.fork({ clear: true, keepTransactionContext: true }).find(entity, { $or: conditions } as never, { populate: populate as never, filters: false })
  return new Map(records.map((record) => {
    const plain = serialize(record as object, { forceObject: false }) as Record<string, unknown>
    return [storedKey(resource, record), pick(plain, props)]
  }))
}

function conditionOf (key: WireKey, primary: string): object {
  return typeof key === 'object' ? key : { [primary]: key }
}

function pick (record: Record<string, unknown>, props: readonly EntityProperty[]): Record<string, unknown> {
  return Object.fromEntries(props.map(({ name, serializedName }) => [name, record[serializedName ?? name] ?? null]))
}
