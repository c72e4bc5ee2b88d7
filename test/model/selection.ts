import { matches, type Filter } from './filter.ts'
import type { Image, Records } from './records.ts'

export type ModelSelection =
  | { ids: number[], versions?: string[] }
  | { filter: Filter, exclude?: number[], expectedCount?: number }
  | { all: true, exclude?: number[], expectedCount?: number }

export interface Entry {
  id: number
  /** The place in the user's selection. */
  place: number
  version: string | undefined
  /** In an undo: what is to be taken back. */
  image?: Image
}

/** A frozen chunk: the unit of commit. */
export interface Chunk {
  excluded: 'missing' | 'locked' | null
  entries: Entry[]
  isDone: boolean
  /** What became of a record, by its id; others are unprocessed. */
  outcomes: Map<number, Outcome>
  /** What was written, by id. */
  images: Map<number, Image>
}

export interface Outcome {
  outcome: 'succeeded' | 'unchanged' | 'missing' | 'skipped' | 'failed'
  code?: string
}

export function chunkOf (entries: Entry[], excluded: Chunk['excluded'] = null): Chunk {
  return { excluded, entries, isDone: false, outcomes: new Map(), images: new Map() }
}

/** Freezes a selection: who is in it now, in pages by key; those that are missing in a chunk of their own behind their page's. */
export function freeze (records: Records, selection: ModelSelection, scope: Filter | undefined, chunkSize: number): Chunk[] {
  const isVisible = (id: number) => records.items.has(id) && (scope === undefined || matches(scope, id, records.items.get(id)!))
  if ('ids' in selection) {
    const { ids, versions } = selection
    const given = [...new Set(ids)].map((id) => ({ id, place: ids.indexOf(id), version: versions?.[ids.indexOf(id)] })).sort(byId)
    return pages(given, chunkSize).flatMap((page) => splitMissing(page, isVisible))
  }
  const matching = [...records.items].filter(([id, record]) =>
    isVisible(id) && selection.exclude?.includes(id) !== true && (!('filter' in selection) || matches(selection.filter, id, record)))
  const entries = matching.map(([id]) => ({ id, place: 0, version: undefined })).sort(byId)
  return pages(entries.map((entry, place) => ({ ...entry, place })), chunkSize).map((page) => chunkOf(page))
}

/** Those that are there, and those that are not, as two chunks; no empty ones. */
export function splitMissing (entries: readonly Entry[], isVisible: (id: number) => boolean): Chunk[] {
  const present = entries.filter(({ id }) => isVisible(id))
  const missing = entries.filter(({ id }) => !isVisible(id))
  return [chunkOf(present), chunkOf(missing, 'missing')].filter(({ entries }) => entries.length > 0)
}

/** Takes records that others have out of the chunks, into chunks behind them. */
export function splitLocked (chunks: readonly Chunk[], isLocked: (id: number) => boolean): Chunk[] {
  const split = chunks.map((chunk) => {
    const locked = chunk.excluded === null ? chunk.entries.filter(({ id }) => isLocked(id)) : []
    return { kept: { ...chunk, entries: chunk.entries.filter((entry) => !locked.includes(entry)) }, locked: chunkOf(locked, 'locked') }
  })
  return [...split.map(({ kept }) => kept), ...split.map(({ locked }) => locked)].filter(({ entries }) => entries.length > 0)
}

function byId (one: Entry, other: Entry): number {
  return one.id - other.id
}

function pages (entries: readonly Entry[], size: number): Entry[][] {
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, index) => entries.slice(index * size, (index + 1) * size))
}
