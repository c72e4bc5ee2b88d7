import type { Resource } from '../resources/resource.ts'
import { describeRowError, rowCodeOf } from '../write/row-error.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction, Writer } from '../write/writer.ts'
import { releaseSavepoint, setSavepoint, undoSavepoint } from './sql/savepoint.ts'

/** `first`: the first record at fault ends the search. `all`: every one is found, and the others are written. */
export type Blame = 'first' | 'all'

/**
 * Writes a slice under a savepoint. Where the database refuses it, the slice is halved until the records at fault
 * stand alone: good records are never written one by one.
 *
 * Deadlocks, lost connections and whatever else is not about a record are thrown.
 */
export async function writeNarrowing (
  transaction: WriteTransaction, writer: Writer, resource: Resource, slice: Slice, blame: Blame
): Promise<SliceOutcome> {
  await setSavepoint(transaction.sql)
  let refused: unknown
  try {
    const outcome = await writer.write(transaction, slice)
    await releaseSavepoint(transaction.sql)
    return outcome
  } catch (error) {
    const code = rowCodeOf(error)
    if (code === undefined || code === 'serialization_failure') throw error
    refused = error
  }
  await undoSavepoint(transaction.sql)
  transaction.em.clear()
  return slice.from === slice.to
    ? { unchanged: [], missing: [], refused: [await refusalOf(transaction, resource, slice.from, refused)] }
    : writeHalves(transaction, writer, resource, slice, blame)
}

async function writeHalves (
  transaction: WriteTransaction, writer: Writer, resource: Resource, slice: Slice, blame: Blame
): Promise<SliceOutcome> {
  const middle = Math.floor((slice.from + slice.to) / 2)
  const left = await writeNarrowing(transaction, writer, resource, { ...slice, to: middle }, blame)
  if (blame === 'first' && left.refused.some(({ outcome }) => outcome === 'failed')) return left
  return joined(left, await writeNarrowing(transaction, writer, resource, { ...slice, from: middle + 1 }, blame))
}

async function refusalOf ({ sql }: WriteTransaction, resource: Resource, place: number, error: unknown): Promise<Refusal> {
  return { place, outcome: 'failed', ...await describeRowError(sql, resource, error) }
}

/** The outcome of two slices together. */
export function joined (one: SliceOutcome, other: SliceOutcome): SliceOutcome {
  return {
    unchanged: [...one.unchanged, ...other.unchanged],
    missing: [...one.missing, ...other.missing],
    refused: [...one.refused, ...other.refused]
  }
}
