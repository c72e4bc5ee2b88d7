import type { RowOutcome } from '../../../schemas/results.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { resultsOf } from '../results/row-results.ts'
import { readChunkOutcome } from '../results/chunk-outcomes.ts'
import { visibleRows } from '../../entities/conditions.ts'
import type { FreezeRequest } from './freeze.ts'
import type { FrozenSelection } from '../../entities/selection.ts'
import { freezeKeys } from './frozen-chunks.ts'

/**
 * Freezes what of another job failed, or was not done: the records that were left out because another job had locked
 * them among it, but none that have changed since they were read. Versions that were given still hold.
 */
export async function freezeUnfinished (request: Omit<FreezeRequest, 'selection'>, job: JobRow): Promise<FrozenSelection> {
  const { sql, tables, resource, view, selectionId, living } = request
  const { key, root } = resource
  const rows = await visibleRows(resource, view)
  const frozen = { total: 0, present: 0, chunkCount: 0 }
  for (let from = 0; ;) {
    const chunk = await readChunkOutcome(sql, tables, { kind: key.kind, jobId: job.id, selectionId: job.selection_id, from, outcome: undefined })
    if (chunk === undefined) return frozen
    from = chunk.no + 1
    const unfinished = resultsOf(chunk, key).filter(({ result }) => isUnfinished(result.outcome, result.code)).map(({ place }) => place - 1)
    if (unfinished.length === 0) continue
    const page = await freezeKeys(sql, { tables, key, selectionId, no: frozen.chunkCount, root, living }, {
      rows,
      keys: unfinished.map((index) => chunk.keys[index]!),
      places: unfinished.map((index) => chunk.ord[index]!),
      versions: chunk.versions && unfinished.map((index) => chunk.versions![index]!)
    })
    frozen.total += unfinished.length
    frozen.present += page.present
    frozen.chunkCount += (page.present > 0 ? 1 : 0) + (page.absent > 0 ? 1 : 0)
  }
}

function isUnfinished (outcome: RowOutcome, code: string | undefined): boolean {
  if (code === 'stale_version') return false
  return outcome === 'failed' || outcome === 'unprocessed' || (outcome === 'skipped' && code === 'locked')
}
