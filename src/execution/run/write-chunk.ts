import { messageOf } from '../../errors.ts'
import type { ChunkToDo } from '../../jobs/store/chunks.ts'
import { rowErrorDescriber } from '../writers/row-error.ts'
import type { Refusal, Slice, SliceOutcome, WriteTransaction } from '../../engine/writer.ts'
import { countFailed, hasFailed, mergeOutcomes, writeBisecting, type Blame, type Bisection } from './bisect.ts'
import { lastPlaceOfSlice, adaptSliceSize, type SliceSize } from './slice-size.ts'
import type { Run } from './run.ts'

/** Failures of a chunk that are logged with their cause. */
const maxLogged = 10

export interface ChunkWrite {
  blame: Blame
  sliceSize: SliceSize
  /** Called as often as records of the chunk are done with, with the last one's place. */
  onDone: (place: number) => void
  /** Throws when the work must not go on. */
  check: () => void
}

/** Writes one chunk, in slices. With `blame: 'first'` it ends at the first slice that has a record at fault. */
export async function writeChunk (run: Run, transaction: WriteTransaction, chunk: ChunkToDo, work: ChunkWrite): Promise<SliceOutcome> {
  if (chunk.excluded !== null) return excluded(chunk.size, chunk.excluded)
  const { sliceSize, blame } = work
  const bisection = bisectionOf(run, transaction, work)
  let outcome: SliceOutcome = { unchanged: [], missing: [], refused: [] }
  for (let from = 1; from <= chunk.size;) {
    const to = lastPlaceOfSlice(sliceSize, run.writer, from, chunk.size)
    const startedAtMs = performance.now()
    const slice: Slice = { selectionId: run.claim.job.selection_id, no: chunk.no, from, to, versioned: chunk.versioned }
    const written = await writeBisecting(bisection, slice)
    outcome = mergeOutcomes(outcome, written)
    if (blame === 'first' && hasFailed(outcome)) return outcome
    adaptSliceSize(sliceSize, { written: to - from + 1, tookMs: performance.now() - startedAtMs, failed: countFailed(written) })
    work.onDone(to)
    from = to + 1
  }
  return outcome
}

function bisectionOf ({ engine: { tables, log }, claim: { job }, resource, writer }: Run, transaction: WriteTransaction, { blame, onDone, check }: ChunkWrite): Bisection {
  let refusedCount = 0
  const onRefused = (error: unknown, { code }: Refusal) => {
    refusedCount += 1
    if (refusedCount <= maxLogged) log[code === 'hook_failed' ? 'warn' : 'debug']({ jobId: job.id, err: error }, 'a record was refused')
  }
  return { tables, transaction, writer, resource, blame, errors: rowErrorDescriber(resource, writer.fields), check, onDone, onRefused }
}

function excluded (size: number, why: 'missing' | 'locked'): SliceOutcome {
  const places = Array.from({ length: size }, (_, index) => index + 1)
  return why === 'missing'
    ? { unchanged: [], missing: places, refused: [] }
    : { unchanged: [], missing: [], refused: places.map((place) => ({ place, outcome: 'skipped', code: 'locked', message: messageOf('locked') })) }
}
