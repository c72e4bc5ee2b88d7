import { Reference, Utils, type EntityMetadata } from '@mikro-orm/core'
import type { Engine } from '../../engine/engine.ts'
import { configurationError, problem } from '../../errors.ts'
import type { KeyKind } from '../../database/tables.ts'
import { recordKeyOf, type RecordKey } from '../../entities/record-key.ts'
import type { BulkEntity } from '../../entities/resource.ts'
import { unknownName } from '../../validation/suggestion.ts'

/** An entity, its name, or the name of a resource. */
export type LockableName = BulkEntity | string

/**
 * The key of a record in any form that code has at hand: a number, a string, a bigint, for a composite key an object
 * or a list of its parts, or the record itself.
 */
export type GivenKey = number | string | bigint | object

/** What locks need to know of an entity. It need not be a resource. */
export interface Lockable {
  /** As it is called for people. */
  readonly name: string
  readonly root: string
  readonly key: RecordKey
}

const known = new WeakMap<EntityMetadata, Lockable>()

/** @throws invalid_options for a name that is neither a resource nor an entity, and for an entity whose table is not certain */
export function lockableOf (engine: Pick<Engine, 'orm' | 'resources' | 'entityTables'>, named: LockableName): Lockable {
  const resource = typeof named === 'string' ? engine.resources.get(named) : undefined
  if (resource !== undefined) return resource
  const storage = engine.orm.getMetadata()
  const meta = typeof named === 'string' ? storage.getByClassName(named, false) : storage.find(named)
  if (meta === undefined) throw unknownEntity(engine, named)
  const lockable = known.get(meta) ?? { name: meta.className, root: engine.entityTables.rootOf(meta), key: recordKeyOf(meta) }
  known.set(meta, lockable)
  return lockable
}

function unknownEntity ({ orm, resources }: Pick<Engine, 'orm' | 'resources'>, named: LockableName) {
  if (typeof named !== 'string') return configurationError('invalid_options', 'this entity was not discovered by MikroORM')
  const names = [...resources.keys(), ...[...orm.getMetadata()].filter(({ embeddable, pivotTable }) => !embeddable && !pivotTable).map(({ className }) => className)]
  return configurationError('invalid_options', unknownName('entity or resource', named, names))
}

/** The stored forms of keys, sorted as chunks are, each once. @throws validation_failed for what is no key of the entity */
export function storedKeys (lockable: Lockable, keys: readonly GivenKey[]): string[] {
  if (!Array.isArray(keys)) throw problem('validation_failed', `expected a list of keys of ${lockable.name}`)
  return [...new Set(keys.map((key) => storedKey(lockable, key)))].sort(lockable.key.compare)
}

/** @throws validation_failed for what is no key of the entity */
export function storedKey (lockable: Lockable, given: GivenKey): string {
  const { key } = lockable
  const parts = partsOf(lockable, given)
  if (parts.length > key.columns.length) throw noKey(lockable, given)
  const values = key.columns.map((column, index) => partOf(lockable, parts[index], given, column))
  return key.fromWire(key.composite ? Object.fromEntries(key.columns.map(({ property }, index) => [property, values[index]!])) : values[0]!)
}

function partsOf ({ key: { columns } }: Lockable, given: GivenKey): unknown[] {
  if (Array.isArray(given)) return given
  if (typeof given !== 'object' || given === null || (columns.length === 1 && given instanceof Date)) return [given]
  const record = Reference.unwrapReference(given) as Record<string, unknown>
  return columns.map(({ property }) => record[property])
}

/** A part may be a reference, whose own key is meant. */
function partOf (lockable: Lockable, part: unknown, given: GivenKey, { property, kind }: { property: string, kind: KeyKind }): string | number {
  const plain = Utils.isEntity(part, true) ? (Utils.extractPK(Reference.unwrapReference(part as object)) as unknown) : part
  const { composite } = lockable.key
  if (typeof plain !== 'bigint' && typeof plain !== 'string' && typeof plain !== 'number') {
    throw noKey(lockable, given, composite ? `its part ${property} is missing` : undefined)
  }
  if (!isOfKind(plain, kind)) throw noKey(lockable, given, composite ? `its part ${property} is of another type` : undefined)
  return kind === 'int4' ? Number(plain) : String(plain)
}

const integer = /^-?\d{1,19}$/
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const bits = { int4: 32, int8: 64 } as const

/** What the column could not hold is no key, and neither is a number that was rounded on its way. */
function isOfKind (value: string | number | bigint, kind: KeyKind): boolean {
  if (typeof value === 'number' && !(kind === 'text' ? Number.isFinite(value) : Number.isSafeInteger(value))) return false
  const text = String(value)
  if (kind === 'uuid') return uuid.test(text)
  if (kind === 'text') return !text.includes('\0') && text.isWellFormed()
  return integer.test(text) && BigInt.asIntN(bits[kind], BigInt(text)) === BigInt(text)
}

function noKey ({ name }: Lockable, given: GivenKey, why?: string) {
  return problem('validation_failed', `${describeKey(given)} is no key of ${name}${why === undefined ? '' : `: ${why}`}`)
}

function describeKey (given: GivenKey): string {
  if (typeof given !== 'object') return String(given)
  try {
    return JSON.stringify(given, (_name, value: unknown) => typeof value === 'bigint' ? value.toString() : value)
  } catch {
    return 'an object'
  }
}
