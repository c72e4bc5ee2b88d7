import type { Tables } from '../../database/tables.ts'
import { isConnectionError, markConnectionAlive } from '../../database/sql.ts'
import { releaseSavepoint, renewSavepoint, returnToSavepoint, setSavepoint } from '../../database/savepoints.ts'
import { setLockTimeout } from '../../database/transaction-bounds.ts'
import type { EngineResource } from '../../engine/engine.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction, Writer } from '../../engine/writer.ts'
import { asRecordError } from '../writers/hook-failure.ts'
import { rowCodeOf, type RowErrorDescriber } from '../writers/row-error.ts'
import { findLockedRecords } from '../writers/slices.ts'

/** `first`: the first failing record ends the search. `all`: every one is found, and the others are written. */
export type Blame = 'first' | 'all'

/** How long to wait for a locked record once the job has waited its whole lock timeout for one of the slice. */
const lockedRowWait = '250ms'

/** What a slice is written with. */
export interface Bisection {
  tables: Tables
  transaction: WriteTransaction
  writer: Writer
  resource: EngineResource
  blame: Blame
  errors: RowErrorDescriber
  /** Throws when the work must not go on. */
  check: () => void
  /** Called when the records of the chunk up to this place are finished. */
  onDone: (place: number) => void
  /** Receives the error of each failing record. */
  onRefused: (error: unknown, refusal: Refusal) => void
}

/**
 * Writes a slice under a savepoint. If it fails, the slice is bisected until each failing record stands alone: good records are
 * never written one by one. Whatever bisecting can pin to one record is that record's error.
 *
 * Throws deadlocks, lost connections, and what is not an error of the database or of a hook.
 */
export async function writeBisecting (work: Bisection, slice: Slice): Promise<SliceOutcome> {
  const { transaction: { sql } } = work
  await setSavepoint(sql)
  const outcome = await writeSlice({ ...work, hasWritten: false }, slice)
  await releaseSavepoint(sql)
  return outcome
}

/** One savepoint is enough for all parts of a slice: it moves behind each part that is written. */
interface SliceBisection extends Bisection {
  /** Whether something was written behind the savepoint. */
  hasWritten: boolean
}

async function writeSlice (work: SliceBisection, slice: Slice): Promise<SliceOutcome> {
  const { transaction, writer } = work
  work.check()
  if (work.hasWritten) await renewSavepoint(transaction.sql)
  work.hasWritten = false
  try {
    const outcome = await writer.write(transaction, slice, work.onDone)
    work.hasWritten = true
    work.onDone(slice.to)
    return outcome
  } catch (thrown) {
    const error = await rollBackSlice(work, thrown)
    const code = rowCodeOf(error)
    if (code === undefined || code === 'serialization_failure') throw error
    if (slice.from === slice.to) return await refuseRecord(work, slice.from, error)
    return code === 'lock_timeout' ? await writeAroundLockedRows(work, slice) : await writeHalves(work, slice)
  }
}

/**
 * Undoes what a failing slice has written. Returns its error, as one of a record where it can be: a connection that still answers
 * was not lost, whatever the error says.
 */
async function rollBackSlice ({ transaction: { sql, em } }: SliceBisection, error: unknown): Promise<unknown> {
  try {
    await returnToSavepoint(sql)
  } catch (failure) {
    throw isConnectionError(error) ? error : failure
  }
  em.clear()
  const lookedLost = isConnectionError(error)
  markConnectionAlive(error)
  return lookedLost ? asRecordError(error) : error
}

/** Writes a slice that failed as a whole. */
async function writeHalves (work: SliceBisection, slice: Slice): Promise<SliceOutcome> {
  const middle = Math.floor((slice.from + slice.to) / 2)
  const [first, second] = [{ ...slice, to: middle }, { ...slice, from: middle + 1 }]
  const outcome = await writeSlice(work, first)
  if (hasFailed(outcome)) return work.blame === 'first' ? outcome : mergeOutcomes(outcome, await writeSlice(work, second))
  // The first half is good, so the second half is not: it need not fail once more.
  return mergeOutcomes(outcome, second.from === second.to ? await writeSlice(work, second) : await writeHalves(work, second))
}

/** Bisecting would wait the whole lock timeout at each step, for records that PostgreSQL can name at once. */
async function writeAroundLockedRows (work: SliceBisection, slice: Slice): Promise<SliceOutcome> {
  const { tables, transaction: { sql }, resource, writer } = work
  const before = await setLockTimeout(sql, lockedRowWait)
  // A setting made behind the savepoint would be rolled back with the first part that fails.
  work.hasWritten = true
  const locked = await findLockedRecords(sql, tables, resource, slice, writer.lock)
  // If no record is locked, the wait was for something else: a referenced record, an entry of an index.
  const outcome = locked.length === 0 ? await writeHalves(work, slice) : await writeSlices(work, splitAt(slice, locked))
  await setLockTimeout(sql, before)
  work.hasWritten = true
  return outcome
}

/** Writes slices one after another; with `blame: 'first'` it ends at the first that fails. */
async function writeSlices (work: SliceBisection, slices: readonly Slice[]): Promise<SliceOutcome> {
  let outcome: SliceOutcome = { unchanged: [], missing: [], refused: [] }
  for (const slice of slices) {
    outcome = mergeOutcomes(outcome, await writeSlice(work, slice))
    if (work.blame === 'first' && hasFailed(outcome)) return outcome
  }
  return outcome
}

/** The slice in parts: each of the places alone, and what is between them. */
function splitAt (slice: Slice, places: readonly number[]): Slice[] {
  const parts = places.flatMap((place, index) => [
    { ...slice, from: index === 0 ? slice.from : places[index - 1]! + 1, to: place - 1 }, { ...slice, from: place, to: place }
  ])
  return [...parts, { ...slice, from: places.at(-1)! + 1 }].filter(({ from, to }) => from <= to)
}

async function refuseRecord ({ transaction: { sql }, errors, onDone, onRefused }: Bisection, place: number, error: unknown): Promise<SliceOutcome> {
  const refusal: Refusal = { place, outcome: 'failed', ...await errors.describe(sql, error) }
  onRefused(error, refusal)
  onDone(place)
  return { unchanged: [], missing: [], refused: [refusal] }
}

/** The outcome of two slices together. */
export function mergeOutcomes (one: SliceOutcome, other: SliceOutcome): SliceOutcome {
  return {
    unchanged: [...one.unchanged, ...other.unchanged],
    missing: [...one.missing, ...other.missing],
    refused: [...one.refused, ...other.refused]
  }
}

export function hasFailed ({ refused }: SliceOutcome): boolean {
  return refused.some(({ outcome }) => outcome === 'failed')
}

export function countFailed ({ refused }: SliceOutcome): number {
  return refused.filter(({ outcome }) => outcome === 'failed').length
}
