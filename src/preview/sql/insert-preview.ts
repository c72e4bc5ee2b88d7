import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobSpec } from '../../jobs/job-row.ts'

export interface NewPreview {
  id: string
  resource: string
  operation: string
  spec: JobSpec
  userId: string | null
  total: number
  chunkCount: number
  /** How long it may be executed, milliseconds. */
  ttlMs: number
}

/** Keeps a preview. Output: until when. */
export async function insertPreview (sql: Sql, tables: Tables, preview: NewPreview): Promise<Date> {
  const [row] = await sql.query<{ expires_at: Date }>(`
    INSERT INTO ${tables.preview} (id, resource, operation, spec, created_by_id, total, chunk_count, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 ms')
    RETURNING expires_at`, [
    preview.id, preview.resource, preview.operation, JSON.stringify(preview.spec), preview.userId, preview.total, preview.chunkCount, preview.ttlMs
  ])
  return row!.expires_at
}
