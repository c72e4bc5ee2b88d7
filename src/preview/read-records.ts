import { serialize } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { WireKey } from '../resources/record-key.ts'
import type { Resource } from '../resources/resource.ts'

/** Reads some fields of some records as JSON has them, by stored key; to-many fields as the keys of their members. */
export async function readRecords (
  em: EntityManager, { entity, meta, key }: Resource, keys: readonly string[], fields: readonly string[]
): Promise<Map<string, Record<string, unknown>>> {
  const conditions = keys.map((stored) => conditionOf(key.toWire(stored), meta.primaryKeys[0] as string))
  const toMany = fields.filter((field) => meta.properties[field as never] && /^(m:n|1:m)$/.test((meta.properties[field as never] as { kind: string }).kind))
  const records = await em.fork({ clear: true, keepTransactionContext: true }).find(entity, { $or: conditions } as never, { populate: toMany as never, filters: false })
  return new Map(records.map((record) => {
    const plain = serialize(record as object, { forceObject: false }) as Record<string, unknown>
    return [key.fromWire(keyOf(record as Record<string, unknown>, meta.primaryKeys as string[])), pick(plain, fields)]
  }))
}

function conditionOf (key: WireKey, primary: string): object {
  return typeof key === 'object' ? key : { [primary]: key }
}

function keyOf (record: Record<string, unknown>, primaryKeys: string[]): WireKey {
  if (primaryKeys.length === 1) return wireOf(record[primaryKeys[0]!])
  return Object.fromEntries(primaryKeys.map((name) => [name, wireOf(record[name])]))
}

function wireOf (part: unknown): number | string {
  return typeof part === 'number' ? part : String(part)
}

function pick (record: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, record[field] ?? null]))
}
