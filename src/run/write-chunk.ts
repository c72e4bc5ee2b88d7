import { messageOf } from '../errors.ts'
import type { ChunkToDo } from '../jobs/sql/next-chunk.ts'
import type { Resource } from '../resources/resource.ts'
import type { SliceOutcome, WriteTransaction, Writer } from '../write/writer.ts'
import { joined, writeNarrowing, type Blame } from './narrow.ts'

/** Slices are made to take about this long, so that live progress moves at least every half second. */
const sliceTargetMs = 150
const firstSliceSize = 1_000

export interface ChunkWrite {
  resource: Resource
  writer: Writer
  selectionId: string
  blame: Blame
  /** Called after each slice with the records of the chunk that have been looked at. */
  onSlice: (lookedAt: number) => void
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
export async function writeChunk (transaction: WriteTransaction, chunk: ChunkToDo, pace: SlicePace, work: ChunkWrite): Promise<SliceOutcome> {
  if (chunk.excluded !== null) return excluded(chunk.size, chunk.excluded)
  let outcome: SliceOutcome = { unchanged: [], missing: [], refused: [] }
  for (let from = 1; from <= chunk.size;) {
    work.check()
    const to = Math.min(chunk.size, from + pace.size - 1)
    const startedAtMs = performance.now()
    const slice = { selectionId: work.selectionId, no: chunk.no, from, to }
    outcome = joined(outcome, await writeNarrowing(transaction, work.writer, work.resource, slice, work.blame))
    if (work.blame === 'first' && outcome.refused.some((refusal) => refusal.outcome === 'failed')) return outcome
    adjust(pace, to - from + 1, performance.now() - startedAtMs)
    work.onSlice(to)
    from = to + 1
  }
  return outcome
}

function adjust (pace: SlicePace, written: number, tookMs: number): void {
  const ideal = written * sliceTargetMs / Math.max(tookMs, 1)
  pace.size = Math.max(1, Math.round(Math.min(ideal, pace.size * 8)))
}

function excluded (size: number, why: 'missing' | 'locked'): SliceOutcome {
  const places = Array.from({ length: size }, (_, index) => index + 1)
  return why === 'missing'
    ? { unchanged: [], missing: places, refused: [] }
    : { unchanged: [], missing: [], refused: places.map((place) => ({ place, outcome: 'skipped', code: 'locked', message: messageOf('locked') })) }
}
