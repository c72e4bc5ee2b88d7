import { v7 as uuidv7 } from 'uuid'
import { checkReferences } from '../../entities/references.ts'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import type { BulkLaunch } from '../launch/launch-bulk.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { specOf } from '../../engine/job-row.ts'
import { findConflicts } from '../../jobs/locks/conflicts.ts'
import { serializeConflicts } from '../../jobs/locks/serialize-conflicts.ts'
import { freeze } from '../../jobs/selection/freeze.ts'
import type { Selection } from '../../entities/selection.ts'
import { createWriter } from '../../execution/create-writer.ts'
import { cascadesOf } from './cascades.ts'
import type { Preview } from '../../../schemas/preview.ts'
import { listedConflictsLimit } from '../../../schemas/problem.ts'
import { insertPreview } from '../../jobs/store/previews.ts'
import { tryWriting } from './trial.ts'

/** How long a preview may be executed. */
const ttlMs = 3_600_000
/** How long a preview tries out what would happen. */
const trialBudgetMs = 3_000
/** How much of that is for counting what refers to records that would be deleted. */
const countingBudgetMs = 1_000

export interface PreviewRequest extends Omit<BulkLaunch, 'selection' | 'operation'> {
  operation: 'update' | 'delete'
  selection: Exclude<Selection, { previewId: string }>
}

/**
 * Does everything that the operation would do but write: freezes the set, validates, and finds what would fail, what
 * is locked, and what would go with it. No job is made; `previewId` executes exactly this set, once.
 *
 * @throws too_many_records, count_mismatch, reference_not_found, unavailable
 */
export async function previewBulk (engine: Engine, request: PreviewRequest): Promise<Preview> {
  return mapConnectionErrors(engine, async () => {
    const frozen = await engine.database.transaction((sql) => freezePreview(engine, sql, request))
    const deadlineMs = performance.now() + trialBudgetMs
    const isOverdue = () => performance.now() > deadlineMs
    const { resource, operation } = request
    const isDelete = operation === 'delete'
    const selectionId = frozen.previewId
    const cascades = isDelete ? await cascadesOf(engine, resource, { selectionId, budgetMs: countingBudgetMs }) : { cascades: [] }
    const trial = await tryWriting(engine, {
      resource,
      writer: createWriter(engine, resource, {
        operation, spec: specOf(request), created_by_id: request.user?.id ?? null, created_by_label: request.user?.label ?? null
      }),
      selectionId,
      fields: isDelete ? resource.options.bulkFields : Object.keys(request.set ?? {}),
      isDelete,
      onError: request.onError,
      isOverdue,
      budgetMs: trialBudgetMs
    })
    return { ...frozen, ...trial, ...cascades }
  })
}

async function freezePreview ({ tables, chunkSize }: Pick<Engine, 'tables' | 'chunkSize'>, sql: Sql, request: PreviewRequest) {
  const { resource, selection, view, user } = request
  await checkReferences(sql, resource, view, request.set ?? {})
  const previewId = uuidv7()
  const { total, chunkCount } = await freeze({
    sql, tables, resource, selectionId: previewId, selection, view, living: false, chunkSize, maxRecords: resource.options.bulkMaxSelectedRecords
  })
  const found = await findConflicts(sql, tables, { kind: resource.key.kind, selectionId: previewId, root: resource.root, limit: listedConflictsLimit })
  const expiresAt = await insertPreview(sql, tables, {
    id: previewId, resource: resource.name, operation: request.operation, spec: specOf(request), userId: user?.id ?? null, total, chunkCount, ttlMs
  })
  return {
    previewId, count: total, conflicts: serializeConflicts(resource, found.conflicts), conflictCount: found.conflictCount, expiresAt: expiresAt.toISOString()
  }
}
