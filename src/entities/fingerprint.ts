import { createHash } from 'node:crypto'
import type { EntityMetadata } from '@mikro-orm/core'

/** Options that decide what a job of the resource does, and what they are when left out. */
const meaningful = { bulkFullClean: true, write: 'auto', undo: false, validate: null, persistence: null, persistenceConfig: null }

/**
 * What a job on a resource means, part by part: the table, its key, the fields that may be written, their columns, and
 * the options that say how. Other columns may come and go while jobs are queued. A few letters for each part are enough
 * to see whether two processes mean the same, and where they differ.
 */
export function fingerprintOf (meta: EntityMetadata, root: string, options: unknown): string {
  const given = (options ?? {}) as { bulkFields?: readonly string[] } & Partial<Record<keyof typeof meaningful, unknown>>
  const fields = [...given.bulkFields ?? []].sort()
  const parts: Record<string, unknown> = {
    table: root,
    key: columnsOf(meta, meta.primaryKeys),
    bulkFields: fields,
    columns: columnsOf(meta, fields),
    ...Object.fromEntries(Object.entries(meaningful).map(([name, byDefault]) => {
      return [name, comparable(given[name as keyof typeof meaningful] ?? byDefault)]
    }))
  }
  return Object.entries(parts).map(([name, value]) => `${name}=${briefly(value)}`).join(' ')
}

/**
 * What two processes can compare of a value: plain data, in whatever order its members come. Of a function, or of an object
 * with a class of its own, that is only whether it is there.
 */
function comparable (value: unknown, around: readonly unknown[] = []): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return value
  if (around.includes(value)) return true
  const inside = [...around, value]
  if (Array.isArray(value)) return value.map((item) => comparable(item, inside))
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return true
  return Object.keys(value).sort().map((name) => [name, comparable((value as Record<string, unknown>)[name], inside)])
}

/** The parts in which two fingerprints differ, by name. */
export function differences (one: string, other: string): string[] {
  const [ours, theirs] = [partsOf(one), partsOf(other)]
  return [...new Set([...ours.keys(), ...theirs.keys()])].filter((name) => ours.get(name) !== theirs.get(name))
}

function partsOf (fingerprint: string): Map<string, string> {
  return new Map(fingerprint.split(' ').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]))
}

function columnsOf (meta: EntityMetadata, names: readonly string[]) {
  return meta.props.filter(({ name }) => names.includes(name)).map(({ name, fieldNames, columnTypes }) => [name, fieldNames, columnTypes])
}

function briefly (value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 8)
}
