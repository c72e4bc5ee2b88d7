import type { RowOutcome, RowResult } from '../../../schemas/results.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { RecordKey } from '../../entities/record-key.ts'
import { readChunkOutcome, type ChunkOutcome } from './chunk-outcomes.ts'

/** The position of a row result: the chunk, and the place within it from 1. Results are listed in this order. */
export interface ResultPlace {
  no: number
  place: number
}

export interface PlacedResult extends ResultPlace {
  result: RowResult
}

/**
 * What became of each record of a job, chunk by chunk: a million results take no more memory than one chunk of them.
 * @param after the place of the last result that is known already
 * @throws wrong_state for a job on a resource that this process does not know: nor does it know what the keys mean
 */
export async function * rowResults (
  engine: Pick<Engine, 'database' | 'tables' | 'resources'>, job: JobRow, { outcome, after = { no: 0, place: 0 } }: { outcome?: RowOutcome, after?: ResultPlace } = {}
): AsyncGenerator<PlacedResult> {
  // A task works on no records, whatever it has locked.
  if (job.resource === null) return
  const key = engine.resources.get(job.resource)?.key
  if (key === undefined) throw problem('wrong_state', `the resource ${job.resource} is not registered here, so the results of its records cannot be read`, { jobId: job.id })
  for (let from = after.no; ;) {
    const chunk = await readChunkOutcome(engine.database, engine.tables, {
      kind: key.kind, jobId: job.id, selectionId: job.selection_id, from, outcome
    })
    if (chunk === undefined) return
    for (const placed of resultsOf(chunk, key)) {
      const isNew = placed.no > after.no || placed.place > after.place
      if (isNew && (outcome === undefined || placed.result.outcome === outcome)) yield placed
    }
    from = chunk.no + 1
  }
}

/** The results of one chunk. In a chunk that is not done, only the record at fault has an outcome. */
export function resultsOf (chunk: ChunkOutcome, key: RecordKey): PlacedResult[] {
  const refused = new Map(chunk.refused?.map((refusal) => [refusal.place, refusal]))
  const unchanged = new Set(chunk.unchanged)
  const missing = new Set(chunk.missing)
  const rest = chunk.state === 'done' ? 'succeeded' : 'unprocessed'

  return chunk.keys.map((stored, index) => {
    const place = index + 1
    const row = { index: chunk.ord[index]!, id: key.toWire(stored) }
    const refusal = refused.get(place)
    if (refusal !== undefined) {
      const { outcome, code, message, field } = refusal
      return { no: chunk.no, place, result: { ...row, outcome, code, message, ...(field !== undefined && { field }) } }
    }
    if (missing.has(place)) return { no: chunk.no, place, result: { ...row, outcome: 'missing', code: 'missing' } }
    return { no: chunk.no, place, result: { ...row, outcome: unchanged.has(place) ? 'unchanged' : rest } }
  })
}
