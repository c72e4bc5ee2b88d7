import { createHash } from 'node:crypto'
import type { EntityMetadata } from '@mikro-orm/core'

/** Options that decide what a job of the resource does, and what they are when left out. Of a function only whether it is there can be compared. */
const meaningful = { bulkFullClean: true, write: 'auto', undo: false, validate: null, persistence: null }

/**
 * What a job on a resource means, part by part: the table, its key, the fields that may be written, their columns, and
 * the options that say how. Other columns may come and go while jobs are queued. A few letters for each part are enough
 * to tell whether two processes mean the same, and in what they differ.
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
      const value = given[name as keyof typeof meaningful] ?? byDefault
      return [name, typeof value === 'function' ? true : value]
    }))
  }
  return Object.entries(parts).map(([name, value]) => `${name}=${briefly(value)}`).join(' ')
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
