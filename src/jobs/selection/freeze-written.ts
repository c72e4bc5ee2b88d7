import type { JobRow } from '../../engine/job-row.ts'
import { resultsOf } from '../results/row-results.ts'
import { readChunkOutcome } from '../results/chunk-outcomes.ts'
import type { FreezeRequest } from './freeze.ts'
import type { FrozenSelection } from '../../entities/selection.ts'
import { keysOutOfScope } from '../../entities/conditions.ts'
import { copyChunk } from './frozen-chunks.ts'

/**
 * Freezes what another job has written, in chunks of the same numbers, which is how an undo finds the before-images.
 * Records outside of the caller's scope are left out; those that no longer exist are not, so a caller with a scope cannot
 * undo a delete (`launchUndo` refuses it).
 */
export async function freezeWritten (request: Omit<FreezeRequest, 'selection'>, job: JobRow): Promise<FrozenSelection> {
  const { sql, tables, resource, view, selectionId, living } = request
  const { key } = resource
  const frozen = { total: 0, present: 0, chunkCount: 0 }
  for (let from = 0; ;) {
    const chunk = await readChunkOutcome(sql, tables, { kind: key.kind, jobId: job.id, selectionId: job.selection_id, from, outcome: 'succeeded' })
    if (chunk === undefined) return frozen
    from = chunk.no + 1
    const outOfScope = await keysOutOfScope(sql, resource, view, chunk.keys)
    const places = resultsOf(chunk, key).filter(({ result }) => result.outcome === 'succeeded').map(({ place }) => place)
      .filter((place) => !outOfScope.has(chunk.keys[place - 1]!))
    const size = await copyChunk(sql, tables, { kind: key.kind, from: job.selection_id, to: selectionId, no: chunk.no, places, living })
    frozen.total += size
    frozen.present += size
    frozen.chunkCount = chunk.no + 1
  }
}
