import { Reference, Utils, type EntityMetadata } from '@mikro-orm/core'
import type { Engine } from '../engine.ts'
import { configurationError, problem } from '../errors.ts'
import { recordKeyOf, type RecordKey } from '../resources/record-key.ts'
import { rootOf, type BulkEntity } from '../resources/resource.ts'
import { unknownName } from '../validation/suggestion.ts'

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

/** @throws invalid_options for a name that is neither a resource nor an entity */
export function lockableOf (engine: Pick<Engine, 'orm' | 'resources'>, named: LockableName): Lockable {
  const resource = typeof named === 'string' ? engine.resources.get(named) : undefined
  if (resource !== undefined) return resource
  const storage = engine.orm.getMetadata()
  const meta = typeof named === 'string' ? storage.getByClassName(named, false) : storage.find(named)
  if (meta === undefined) throw unknownEntity(engine, named)
  const lockable = known.get(meta) ?? { name: meta.className, root: rootOf(meta), key: recordKeyOf(meta) }
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
  return [...new Set(keys.map((key) => storedKey(lockable, key)))].sort(lockable.key.compare)
}

/** @throws validation_failed for what is no key of the entity */
export function storedKey (lockable: Lockable, given: GivenKey): string {
  const { key } = lockable
  const parts = partsOf(lockable, given)
  const values = key.columns.map(({ property, kind }, index) => checked(lockable, kind, partOf(lockable, parts[index], given, property), given))
  return key.fromWire(key.composite ? Object.fromEntries(key.columns.map(({ property }, index) => [property, values[index]!])) : values[0]!)
}

function partsOf ({ key: { columns } }: Lockable, given: GivenKey): unknown[] {
  if (Array.isArray(given)) return given
  if (typeof given !== 'object' || given === null || (columns.length === 1 && given instanceof Date)) return [given]
  const record = Reference.unwrapReference(given) as Record<string, unknown>
  return columns.map(({ property }) => record[property])
}

/** A part may be a reference, whose own key is meant. */
function partOf (lockable: Lockable, part: unknown, given: GivenKey, property: string): string | number {
  const plain = Utils.isEntity(part, true) ? (Utils.extractPK(Reference.unwrapReference(part as object)) as unknown) : part
  if (typeof plain === 'bigint') return plain.toString()
  if (typeof plain === 'string' || (typeof plain === 'number' && Number.isFinite(plain))) return plain
  throw noKey(lockable, given, lockable.key.composite ? `its part ${property} is missing` : undefined)
}

const forms: Readonly<Record<RecordKey['kind'], RegExp>> = {
  int4: /^-?\d{1,10}$/,
  int8: /^-?\d{1,19}$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  text: /^[^\0]*$/
}
const bits = { int4: 32, int8: 64 } as const

function checked (lockable: Lockable, kind: RecordKey['kind'], value: string | number, given: GivenKey): string | number {
  const text = String(value)
  if (!forms[kind].test(text) || ((kind === 'int4' || kind === 'int8') && BigInt.asIntN(bits[kind], BigInt(text)) !== BigInt(text))) throw noKey(lockable, given)
  return kind === 'int4' ? Number(value) : text
}

function noKey ({ name }: Lockable, given: GivenKey, why?: string) {
  const told = typeof given === 'object' ? JSON.stringify(given, (_name, value: unknown) => typeof value === 'bigint' ? value.toString() : value) : String(given)
  return problem('validation_failed', `${told} is no key of ${name}${why === undefined ? '' : `: ${why}`}`)
}
