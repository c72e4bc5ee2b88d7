import { isDeepStrictEqual } from 'node:util'
import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import { problem } from '../../errors.ts'
import type { JobSpec } from '../../engine/job-row.ts'
import type { FrozenSelection } from '../../entities/selection.ts'
import { consumePreview, holdPreview } from '../../jobs/store/previews.ts'

export interface PreviewExecution {
  previewId: string
  expectedCount?: number
  resource: string
  operation: string
  spec: JobSpec
  userId: string | null
  /** Whether its records are locked from the commit on. */
  living: boolean
}

/**
 * Takes over the selection of a preview, exactly as it was frozen; it was executed when the transaction commits.
 * @throws preview_not_found, rule_refused where it was made with another operation or `set`, count_mismatch
 */
export async function executePreview (sql: Sql, tables: Tables, execution: PreviewExecution): Promise<FrozenSelection> {
  const { previewId, resource, operation, spec, userId, expectedCount } = execution
  const preview = await consumePreview(sql, tables, { id: previewId, resource })
  if (preview === undefined || preview.created_by_id !== userId) throw problem('preview_not_found')
  if (preview.operation !== operation || !isDeepStrictEqual(preview.spec, JSON.parse(JSON.stringify(spec)))) {
    throw problem('rule_refused', 'the preview was made with another operation or another set; preview this one, or execute that one')
  }
  if (expectedCount !== undefined && expectedCount !== preview.total) {
    throw problem('count_mismatch', `the preview has ${preview.total} records, expected were ${expectedCount}`, { count: preview.total })
  }
  if (execution.living) await holdPreview(sql, tables, previewId)
  return { total: preview.total, present: preview.total, chunkCount: preview.chunk_count }
}
