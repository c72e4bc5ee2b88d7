import type { EntityProperty } from '@mikro-orm/core'
import { messageOf } from '../errors.ts'
import type { ChunkToDo } from '../jobs/sql/next-chunk.ts'
import { rowErrorTeller } from '../write/row-error.ts'
import { findStale } from '../write/sql/find-stale.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction } from '../write/writer.ts'
import { hasFailed, joined, writeSlices, type Blame, type Narrowing } from './narrow.ts'
import type { Run } from './run.ts'

/** Slices are made to take about this long, so that live progress moves at least every half second. */
const sliceTargetMs = 150

/** Small at first: nobody knows yet what the triggers of a table take for a record. */
const firstSliceSize = 32

/** A slice grows so many times at most, however quick the one before was. */
const growthAtMost = 8

/** Failures of a chunk that are logged with their cause. */
const loggedAtMost = 10

export interface ChunkWrite {
  blame: Blame
  pace: SlicePace
  /** Called as often as records of the chunk are done with, with the last one's place. */
  onDone: (place: number) => void
  /** Throws when the work must not go on. */
  check: () => void
}

/** How many records the next slice should have: learned from the time that the last ones took. */
export interface SlicePace {
  size: number
}

export function startPace (): SlicePace {
  return { size: firstSliceSize }
}

/** Writes one chunk, in slices. With `blame: 'first'` it ends at the first slice that has a record at fault. */
export async function writeChunk (run: Run, transaction: WriteTransaction, chunk: ChunkToDo, work: ChunkWrite): Promise<SliceOutcome> {
  if (chunk.excluded !== null) return excluded(chunk.size, chunk.excluded)
  const { pace, blame } = work
  const narrowing = narrowingOf(run, transaction, work)
  let outcome: SliceOutcome = { unchanged: [], missing: [], refused: [] }
  for (let from = 1; from <= chunk.size;) {
    work.check()
    const to = Math.min(chunk.size, from + Math.min(pace.size, run.writer.sliceAtMost ?? Infinity) - 1)
    const startedAtMs = performance.now()
    const slice: Slice = { selectionId: run.claim.job.selection_id, no: chunk.no, from, to }
    outcome = joined(outcome, await writeSlice(narrowing, slice, chunk.versioned))
    if (blame === 'first' && hasFailed(outcome)) return outcome
    adjust(pace, to - from + 1, performance.now() - startedAtMs)
    work.onDone(to)
    from = to + 1
  }
  return outcome
}

function narrowingOf ({ engine: { tables, log }, claim: { job }, resource, writer }: Run, transaction: WriteTransaction, { blame, onDone }: ChunkWrite): Narrowing {
  let refusedCount = 0
  const onRefused = (error: unknown, { code }: Refusal) => {
    refusedCount += 1
    if (refusedCount <= loggedAtMost) log[code === 'hook_failed' ? 'warn' : 'debug']({ jobId: job.id, err: error }, 'a record was refused')
  }
  return { tables, transaction, writer, resource, blame, errors: rowErrorTeller(resource, writer.fields), onDone, onRefused }
}

/** Records that have changed since they were selected are left as they are; the rest of the slice is written. */
async function writeSlice (work: Narrowing, slice: Slice, versioned: boolean): Promise<SliceOutcome> {
  const { tables, transaction: { sql }, resource, writer } = work
  const version = versioned ? resource.meta.props.find((prop: EntityProperty) => prop.version) : undefined
  const stale = version === undefined ? [] : await findStale(sql, tables, resource, { slice, version, lock: writer.lock })
  if (stale.length === 0) return writeSlices(work, [slice])
  const outcome = staleOutcome(stale)
  return work.blame === 'first' ? outcome : joined(outcome, await writeSlices(work, between(slice, stale)))
}

function staleOutcome (places: readonly number[]): SliceOutcome {
  return {
    unchanged: [],
    missing: [],
    refused: places.map((place) => ({ place, outcome: 'failed', code: 'stale_version', message: messageOf('stale_version') }))
  }
}

/** What is left of a slice without some places. */
function between (slice: Slice, places: readonly number[]): Slice[] {
  return [slice.from - 1, ...places]
    .map((place, index) => ({ ...slice, from: place + 1, to: (places[index] ?? slice.to + 1) - 1 }))
    .filter(({ from, to }) => from <= to)
}

function adjust (pace: SlicePace, written: number, tookMs: number): void {
  const ideal = written * sliceTargetMs / Math.max(tookMs, 1)
  pace.size = Math.max(1, Math.round(Math.min(ideal, pace.size * growthAtMost)))
}

function excluded (size: number, why: 'missing' | 'locked'): SliceOutcome {
  const places = Array.from({ length: size }, (_, index) => index + 1)
  return why === 'missing'
    ? { unchanged: [], missing: places, refused: [] }
    : { unchanged: [], missing: [], refused: places.map((place) => ({ place, outcome: 'skipped', code: 'locked', message: messageOf('locked') })) }
}
