import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine/engine.ts'
import { rowCodeOf, type RowErrorDescriber } from '../writers/row-error.ts'
import { findLockedRecords } from '../writers/slices.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction, Writer } from '../../engine/writer.ts'
import { setLockTimeout } from '../../database/transaction-bounds.ts'
import { releaseSavepoint, setSavepoint, rollbackToSavepoint } from '../../database/savepoints.ts'

/** `first`: the first record at fault ends the search. `all`: every one is found, and the others are written. */
export type Blame = 'first' | 'all'

/** How long a record is waited for once the job has waited its whole time for one of its slice. */
const lockedRowWait = '250ms'

export interface Bisection {
  tables: Tables
  transaction: WriteTransaction
  writer: Writer
  resource: EngineResource
  blame: Blame
  errors: RowErrorDescriber
  /** Throws when the work must not go on. */
  check: () => void
  /** Called when the records of the chunk up to this place are done with. */
  onDone: (place: number) => void
  /** Told what was thrown for a record. */
  onRefused: (error: unknown, refusal: Refusal) => void
}

/**
 * Writes a slice under a savepoint. Where the database refuses it, the slice is halved until the records at fault
 * stand alone: good records are never written one by one.
 *
 * Deadlocks, lost connections and whatever else is not about a record are thrown.
 */
export async function writeBisecting (work: Bisection, slice: Slice): Promise<SliceOutcome> {
  const { transaction, writer } = work
  work.check()
  await setSavepoint(transaction.sql)
  try {
    const outcome = await writer.write(transaction, slice, work.onDone)
    await releaseSavepoint(transaction.sql)
    work.onDone(slice.to)
    return outcome
  } catch (error) {
    const code = rowCodeOf(error)
    if (code === undefined || code === 'serialization_failure') throw error
    await rollbackToSavepoint(transaction.sql)
    transaction.em.clear()
    if (slice.from === slice.to) return await refuseRecord(work, slice.from, error)
    return code === 'lock_timeout' ? await writeAroundLockedRows(work, slice) : await writeHalves(work, slice)
  }
}

async function writeHalves (work: Bisection, slice: Slice): Promise<SliceOutcome> {
  const middle = Math.floor((slice.from + slice.to) / 2)
  return writeSlices(work, [{ ...slice, to: middle }, { ...slice, from: middle + 1 }])
}

/** Halving would wait the whole time at each step, for a record that PostgreSQL can name at once. */
async function writeAroundLockedRows (work: Bisection, slice: Slice): Promise<SliceOutcome> {
  const { tables, transaction: { sql }, resource, writer } = work
  const before = await setLockTimeout(sql, lockedRowWait)
  const held = await findLockedRecords(sql, tables, resource, slice, writer.lock)
  // Where nobody holds a record, the wait was for something else: a record that is referred to, an entry of an index.
  const outcome = held.length === 0 ? await writeHalves(work, slice) : await writeSlices(work, splitAt(slice, held))
  await setLockTimeout(sql, before)
  return outcome
}

/** Writes slices one after another; ends at the first that has a record at fault, where that is what is wanted. */
export async function writeSlices (work: Bisection, slices: readonly Slice[]): Promise<SliceOutcome> {
  let outcome: SliceOutcome = { unchanged: [], missing: [], refused: [] }
  for (const slice of slices) {
    outcome = mergeOutcomes(outcome, await writeBisecting(work, slice))
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
