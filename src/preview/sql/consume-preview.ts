import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { JobSpec } from '../../jobs/job-row.ts'

export interface ConsumedPreview {
  operation: string
  spec: JobSpec
  created_by_id: string | null
  total: number
  chunk_count: number
}

/**
 * Takes a preview out, to be executed: once, since a second caller waits for the first one's commit and then finds
 * nothing. Output: undefined for one that is unknown, expired, executed, or of another resource.
 */
export async function consumePreview (
  sql: Sql, tables: Tables, { id, resource }: { id: string, resource: string }
): Promise<ConsumedPreview | undefined> {
  const [row] = await sql.query<ConsumedPreview>(`
    DELETE FROM ${tables.preview} WHERE id = $1 AND resource = $2 AND expires_at > now()
    RETURNING operation, spec, created_by_id, total, chunk_count`, [id, resource])
  return row
}
