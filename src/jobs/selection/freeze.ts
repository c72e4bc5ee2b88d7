import { sqlState, type Sql } from '../../database/sql.ts'
import { problem } from '../../errors.ts'
import type { Tables } from '../../database/tables.ts'
import type { WireKey } from '../../entities/record-key.ts'
import type { Resource } from '../../entities/resource.ts'
import { conditionOf, visibleRows } from '../../entities/conditions.ts'
import type { FrozenSelection, Selection, SelectionView } from '../../entities/selection.ts'
import { freezeKeys, freezePage } from './frozen-chunks.ts'

/** Records of a chunk at most: big enough that its statements cost next to nothing, small enough to be tried again. */
export const chunkSize = 5_000

export interface FreezeRequest {
  sql: Sql
  tables: Tables
  resource: Resource
  selectionId: string
  selection: Exclude<Selection, { previewId: string }>
  view: SelectionView
  /** Whether the chunks hold locks once the transaction commits. */
  living: boolean
  /** Records allowed at most. */
  maxRecords: number
  /** Records of a chunk at most. */
  chunkSize: number
}

/**
 * Freezes a selection into chunks, in the transaction of `sql`.
 * @throws too_many_records as soon as the limit is passed; count_mismatch, with the count, where `expectedCount` differs
 */
export async function freeze (request: FreezeRequest): Promise<FrozenSelection> {
  const { selection } = request
  if ('ids' in selection) return freezeGiven(request, selection.ids, selection.versions)
  const frozen = await freezeMatching(request, 'filter' in selection ? selection.filter : undefined, selection.exclude ?? [])
  if (selection.expectedCount !== undefined && selection.expectedCount !== frozen.total) {
    throw problem('count_mismatch', `the selection has ${frozen.total} records, expected were ${selection.expectedCount}`, { count: frozen.total })
  }
  return frozen
}

async function freezeMatching (request: FreezeRequest, filter: Record<string, unknown> | undefined, excluded: WireKey[]): Promise<FrozenSelection> {
  const { sql, resource, view, chunkSize } = request
  const rows = await visibleRows(resource, view, filter && conditionOf(resource, view.em, filter))
  const exclude = excluded.map((key) => resource.key.fromWire(key))
  let total = 0
  let chunkCount = 0
  let after: string | null = null
  for (;;) {
    const page: { size: number, last: string } | undefined =
      await comparable(filter, () => freezePage(sql, placeOf(request, chunkCount), { rows, after, exclude, offset: total, limit: chunkSize }))
    if (page === undefined) return { total, present: total, chunkCount }
    total += page.size
    chunkCount += 1
    after = page.last
    refuseTooMany(total, request)
    if (page.size < chunkSize) return { total, present: total, chunkCount }
  }
}

/** Not every value that passes its schema can be compared by PostgreSQL: one may be too small for a `real`. */
async function comparable<Result> (filter: Record<string, unknown> | undefined, freezing: () => Promise<Result>): Promise<Result> {
  try {
    return await freezing()
  } catch (error) {
    if (filter === undefined || !sqlState(error)?.startsWith('22')) throw error
    const [only, ...others] = Object.keys(filter)
    const path = others.length === 0 ? `/selection/filter/${only}` : '/selection/filter'
    const message = 'has a value that the database cannot compare; allowed are values that the field can have'
    throw problem('validation_failed', `the body is not valid: ${path}: ${message}`, { errors: [{ path, message }], cause: error })
  }
}

async function freezeGiven (request: FreezeRequest, ids: WireKey[], versions: (number | string)[] | undefined): Promise<FrozenSelection> {
  const { sql, resource, view, chunkSize } = request
  refuseTooMany(ids.length, request)
  const rows = await visibleRows(resource, view)
  const given = sortedKeys(resource, ids, versions)
  let present = 0
  let chunkCount = 0
  for (let start = 0; start < given.length; start += chunkSize) {
    const page = given.slice(start, start + chunkSize)
    const frozen = await freezeKeys(sql, placeOf(request, chunkCount), {
      rows,
      keys: page.map(({ key }) => key),
      places: page.map(({ place }) => place),
      versions: versions === undefined ? null : page.map(({ place }) => String(versions[place]))
    })
    present += frozen.present
    chunkCount += (frozen.present > 0 ? 1 : 0) + (frozen.absent > 0 ? 1 : 0)
  }
  return { total: given.length, present, chunkCount }
}

/**
 * Duplicates collapse; the first one's place counts.
 * @throws validation_failed for one that comes with two versions, since it is unknown which one was read
 */
function sortedKeys ({ key }: Resource, ids: WireKey[], versions: (number | string)[] | undefined): { key: string, place: number }[] {
  const places = new Map<string, number>()
  ids.forEach((id, place) => {
    const stored = key.fromWire(id)
    const first = places.get(stored)
    if (first === undefined) places.set(stored, place)
    else if (versions !== undefined && !isSameVersion(versions[first]!, versions[place]!)) throw twoVersions(id, place)
  })
  return [...places].map(([stored, place]) => ({ key: stored, place })).sort((one, other) => key.compare(one.key, other.key))
}

/** An instant may be written in several ways. */
function isSameVersion (one: number | string, other: number | string): boolean {
  return one === other || (typeof one === 'string' && typeof other === 'string' && Date.parse(one) === Date.parse(other))
}

function twoVersions (id: WireKey, place: number) {
  const message = `the record ${JSON.stringify(id)} is given before with another version`
  return problem('validation_failed', `/selection/versions/${place}: ${message}`, { errors: [{ path: `/selection/versions/${place}`, message }] })
}

function placeOf ({ tables, resource, selectionId, living }: FreezeRequest, no: number) {
  return { tables, key: resource.key, selectionId, no, root: resource.root, living }
}

function refuseTooMany (count: number, { maxRecords, resource }: FreezeRequest): void {
  if (count > maxRecords) {
    throw problem('too_many_records', `at most ${maxRecords} records of ${resource.name} can be selected at once`)
  }
}
