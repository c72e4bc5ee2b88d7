import { messageOf } from '../errors.ts'
import type { ChunkToDo } from '../jobs/sql/next-chunk.ts'
import { rowErrorTeller } from '../write/row-error.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction, Writer } from '../write/writer.ts'
import { hasFailed, joined, writeNarrowing, type Blame, type Narrowing } from './narrow.ts'
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
    const to = endOfSlice(pace, run.writer, from, chunk.size)
    const startedAtMs = performance.now()
    const slice: Slice = { selectionId: run.claim.job.selection_id, no: chunk.no, from, to, versioned: chunk.versioned }
    outcome = joined(outcome, await writeNarrowing(narrowing, slice))
    if (blame === 'first' && hasFailed(outcome)) return outcome
    learn(pace, to - from + 1, performance.now() - startedAtMs)
    work.onDone(to)
    from = to + 1
  }
  return outcome
}

function narrowingOf ({ engine: { tables, log }, claim: { job }, resource, writer }: Run, transaction: WriteTransaction, { blame, onDone, check }: ChunkWrite): Narrowing {
  let refusedCount = 0
  const onRefused = (error: unknown, { code }: Refusal) => {
    refusedCount += 1
    if (refusedCount <= loggedAtMost) log[code === 'hook_failed' ? 'warn' : 'debug']({ jobId: job.id, err: error }, 'a record was refused')
  }
  return { tables, transaction, writer, resource, blame, errors: rowErrorTeller(resource, writer.fields), check, onDone, onRefused }
}

/** The last place of the next slice. */
export function endOfSlice (pace: SlicePace, { sliceAtMost = Infinity }: Pick<Writer, 'sliceAtMost'>, from: number, size: number): number {
  return Math.min(size, from + Math.min(pace.size, sliceAtMost) - 1)
}

/** Learns from a slice how many records the next one should have. */
export function learn (pace: SlicePace, written: number, tookMs: number): void {
  const ideal = written * sliceTargetMs / Math.max(tookMs, 1)
  pace.size = Math.max(1, Math.round(Math.min(ideal, pace.size * growthAtMost)))
}

function excluded (size: number, why: 'missing' | 'locked'): SliceOutcome {
  const places = Array.from({ length: size }, (_, index) => index + 1)
  return why === 'missing'
    ? { unchanged: [], missing: places, refused: [] }
    : { unchanged: [], missing: [], refused: places.map((place) => ({ place, outcome: 'skipped', code: 'locked', message: messageOf('locked') })) }
}
