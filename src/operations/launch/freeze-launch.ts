import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import { executePreview } from './execute-preview.ts'
import { freezeUnfinished } from '../../jobs/selection/freeze-unfinished.ts'
import { freezeWritten } from '../../jobs/selection/freeze-written.ts'
import { freeze } from '../../jobs/selection/freeze.ts'
import type { FrozenSelection } from '../../entities/selection.ts'
import type { BulkLaunch } from './launch-bulk.ts'
import { specOf } from '../../engine/job-row.ts'

/** The selection of a launch, frozen in its transaction: a new one, a preview's, or part of another job's. */
export async function freezeLaunch (
  { tables, chunkSize }: Pick<Engine, 'tables' | 'chunkSize'>, sql: Sql, launch: BulkLaunch, newId: string
): Promise<FrozenSelection & { selectionId: string }> {
  const { resource, selection, view, operation, user } = launch
  const living = resource.options.bulkAsyncConflictChecking
  if ('previewId' in selection) {
    const frozen = await executePreview(sql, tables, {
      ...selection, resource: resource.name, operation, spec: specOf(launch), userId: user?.id ?? null, living
    })
    return { ...frozen, selectionId: selection.previewId }
  }
  const request = { sql, tables, resource, selectionId: newId, view, living, chunkSize, maxRecords: resource.options.bulkMaxSelectedRecords }
  const isPartOfAnother = 'unfinishedOf' in selection || 'writtenBy' in selection
  const frozen = 'unfinishedOf' in selection
    ? await freezeUnfinished(request, selection.unfinishedOf)
    : 'writtenBy' in selection
      ? await freezeWritten(request, selection.writtenBy)
      : await freeze({ ...request, selection })
  if (frozen.total === 0 && isPartOfAnother) throw problem('all_records_missing', 'nothing is left to do')
  return { ...frozen, selectionId: newId }
}
